/** The options of who may read and for how long, checked. It refuses to act on them. */
import type { FastifyRequest } from 'fastify';
import { GatewayError } from '../src/index.js';
import type { OpenStream } from './client-stream.js';
import { isOrigin, type Origins } from './origins.js';

/** Whether a stream may go on; a Date: until then. */
export type Verdict = boolean | Date;

export interface AccessOptions {
  /**
   * Origins whose pages may read streams, e.g. `['https://app.example.com']`: a request with another `Origin` is 403, one
   * without is of no page. Default: origins are not looked at.
   */
  allowedOrigins?: readonly string[];
  /**
   * When what a request shows expires, e.g. its token: the stream ends then as `unauthorized`, unless `reauthorize` answers
   * with a new Date. Undefined: not.
   */
  expiresAt?: (request: FastifyRequest) => Date | undefined;
  /**
   * Whether a stream may go on: asked at least every `reauthMs`, and at `expiresAt`. `true`: until it is asked again, but
   * not beyond `expiresAt`; a Date: the same, and at the latest then, in place of `expiresAt`. Anything else ends the stream as `unauthorized`, and so do an error and no answer
   * within `reauthTimeoutMs`.
   */
  reauthorize?: (request: FastifyRequest, stream: OpenStream) => Verdict | Promise<Verdict>;
  /** Default 60,000. */
  reauthMs?: number;
  /** Default 10,000. */
  reauthTimeoutMs?: number;
}

export interface Access {
  readonly allowedOrigins: Origins;
  readonly expiresAt: AccessOptions['expiresAt'];
  readonly reauthorize: AccessOptions['reauthorize'];
  readonly reauthMs: number;
  readonly reauthTimeoutMs: number;
}

const REAUTH_MS = 60_000;
const REAUTH_TIMEOUT_MS = 10_000;
/** The longest that a timer takes. */
const MAX_MS = 2 ** 31 - 1;

/** @throws GatewayError `SSE_GATEWAY_OPTION_INVALID` */
export function readAccess(input: AccessOptions): Access {
  const { allowedOrigins, expiresAt, reauthorize, reauthMs, reauthTimeoutMs } = input;
  for (const [name, value] of Object.entries({ expiresAt, reauthorize })) {
    if (value !== undefined && typeof value !== 'function') throw invalid(name, 'expected a function');
  }
  for (const [name, value] of Object.entries({ reauthMs, reauthTimeoutMs })) {
    if (value === undefined) continue;
    if (typeof value !== 'number' || !(value >= 1 && value <= MAX_MS))
      throw invalid(name, `expected milliseconds, a number from 1 to ${MAX_MS}`);
    if (reauthorize === undefined) throw invalid(name, 'does nothing without reauthorize');
  }
  return {
    allowedOrigins: readOrigins(allowedOrigins),
    expiresAt,
    reauthorize,
    reauthMs: reauthMs ?? REAUTH_MS,
    reauthTimeoutMs: reauthTimeoutMs ?? REAUTH_TIMEOUT_MS,
  };
}

function readOrigins(origins: unknown): Origins {
  if (origins === undefined) return undefined;
  if (!Array.isArray(origins) || !origins.every(isOrigin)) {
    throw invalid('allowedOrigins', 'expected a list of origins such as https://app.example.com');
  }
  return new Set(origins);
}

function invalid(path: string, message: string): GatewayError {
  return new GatewayError('OPTION_INVALID', `sse-gateway option ${path}: ${message}`);
}
