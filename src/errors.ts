/**
 * What can go wrong, and why things end: one table of error codes, one error class, one union of close reasons.
 * A leaf: plain data, no I/O, imports nothing.
 */

/** Every code this package reports. The key is the code without its prefix, the value the HTTP status it maps to. */
const STATUS = {
  OPTION_INVALID: 500,
  ROUTE_TAKEN: 500,
  ALREADY_REGISTERED: 500,
  UNAUTHORIZED: 401,
  ORIGIN_REFUSED: 403,
  CHANNEL_UNKNOWN: 404,
  METHOD_NOT_ALLOWED: 405,
  NOT_ACCEPTABLE: 406,
  RESUME_ID_CONFLICT: 400,
  PARAMETER_INVALID: 400,
  CHANNEL_LIMIT: 503,
  CONNECTION_LIMIT: 503,
  DRAINING: 503,
  CLOSED: 503,
  RESUME_GAP: 410,
  EVENT_INVALID: 500,
  UPSTREAM_FAILED: 502,
  UPSTREAM_CONNECT: 502,
  UPSTREAM_ADDRESS: 502,
  UPSTREAM_CONNECT_TIMEOUT: 504,
  UPSTREAM_FIRST_BYTE_TIMEOUT: 504,
  UPSTREAM_IDLE_TIMEOUT: 504,
  UPSTREAM_NETWORK: 502,
  UPSTREAM_ENDED: 502,
  UPSTREAM_STATUS: 502,
  UPSTREAM_NO_CONTENT: 502,
  UPSTREAM_CONTENT_TYPE: 502,
  UPSTREAM_CONTENT_ENCODING: 502,
  UPSTREAM_REDIRECT: 502,
  UPSTREAM_HEADERS_TOO_LARGE: 502,
  UPSTREAM_EVENT_TOO_LARGE: 502,
} as const;

export type ErrorName = keyof typeof STATUS;
export type ErrorCode = `SSE_GATEWAY_${ErrorName}`;

/**
 * The one error class. `code` is stable and what callers and tests look at; `statusCode` is the HTTP status to
 * answer with before a stream begins; `cause` is the error underneath, if any.
 */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  readonly statusCode: number;

  constructor(name: ErrorName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = `SSE_GATEWAY_${name}`;
    this.statusCode = STATUS[name];
  }
}

/**
 * Why a long-lived thing ended: the same word is the log field, the metric label and the test assertion.
 * The first group ends subscribers, the second upstream connections, the third either.
 */
export const CLOSE_REASONS = [
  'client-closed',
  'write-failed',
  'stalled',
  'lagged',
  'gap-rejected',
  'max-age',
  'upstream-failed',
  'disconnected',
  'unauthorized',

  'ended',
  'network-error',
  'connect-failed',
  'address-refused',
  'connect-timeout',
  'first-byte-timeout',
  'idle-timeout',
  'status',
  'no-content',
  'content-type',
  'content-encoding',
  'redirect',
  'headers-too-large',
  'event-too-large',
  'idle',

  'drain',
  'shutdown',
] as const;

export type CloseReason = (typeof CLOSE_REASONS)[number];

/** Why an event offered to a client never reached it: what ended the stream, or `aborted` for what was under way then. */
export type DropReason = CloseReason | 'aborted';
