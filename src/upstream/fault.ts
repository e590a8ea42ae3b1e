/**
 * Why an attempt or a stream ended without our asking, as data. It refuses to decide what happens next.
 */
import { type CloseReason, type ErrorName, GatewayError } from '../errors.js';

export interface Fault {
  readonly reason: CloseReason;
  readonly error: GatewayError;
  /** Asking again soon is pointless or unwanted: the source goes to `failed`. */
  readonly terminal: boolean;
  /** What the answer's Retry-After asks for, in ms, uncapped. */
  readonly retryAfterMs: number | undefined;
}

/** The word for each code that ends an upstream connection. */
const REASON = {
  UPSTREAM_CONNECT: 'connect-failed',
  UPSTREAM_ADDRESS: 'address-refused',
  UPSTREAM_CONNECT_TIMEOUT: 'connect-timeout',
  UPSTREAM_FIRST_BYTE_TIMEOUT: 'first-byte-timeout',
  UPSTREAM_IDLE_TIMEOUT: 'idle-timeout',
  UPSTREAM_NETWORK: 'network-error',
  UPSTREAM_ENDED: 'ended',
  UPSTREAM_STATUS: 'status',
  UPSTREAM_NO_CONTENT: 'no-content',
  UPSTREAM_CONTENT_TYPE: 'content-type',
  UPSTREAM_CONTENT_ENCODING: 'content-encoding',
  UPSTREAM_REDIRECT: 'redirect',
  UPSTREAM_HEADERS_TOO_LARGE: 'headers-too-large',
  UPSTREAM_EVENT_TOO_LARGE: 'event-too-large',
} as const satisfies Partial<Record<ErrorName, CloseReason>>;

export type FaultName = keyof typeof REASON;

export interface FaultDetails {
  /** The error underneath; it must not carry a URL with secrets. */
  readonly cause?: unknown;
  readonly terminal?: boolean;
  readonly retryAfterMs?: number | undefined;
}

/** A fault by its code; `message` is for people and already redacted. */
export function fault(name: FaultName, message: string, details: FaultDetails = {}): Fault {
  const error = new GatewayError(name, message, 'cause' in details ? { cause: details.cause } : undefined);
  return {
    reason: REASON[name],
    error,
    terminal: details.terminal ?? false,
    retryAfterMs: details.retryAfterMs,
  };
}

/** What an error says of itself in a message: its system or undici code, which never holds a URL, before its text. */
export function causeText(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
