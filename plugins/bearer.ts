/**
 * A token in front of what operators read (options `health.bearer`, `metrics.bearer`). It is compared by digests, in a time
 * that says nothing of it. It refuses to guard streams: those are the hooks' of the host.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../src/index.js';

/** What a token may be made of (RFC 6750 §2.1). */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;
const SCHEME = 'bearer ';

export function isToken(value: unknown): value is string {
  return typeof value === 'string' && TOKEN.test(value);
}

/** Whether a request shows the token; all do where there is none. */
export function bearerCheck(token: string | undefined): (request: FastifyRequest) => boolean {
  if (token === undefined) return () => true;
  const expected = digest(token);
  return ({ headers: { authorization } }) => {
    if (authorization?.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return false;
    return timingSafeEqual(digest(authorization.slice(SCHEME.length).trim()), expected);
  };
}

/** The refusal of a request that doesn't. @throws GatewayError 401 */
export function refuseBearer(reply: FastifyReply): never {
  reply.header('www-authenticate', 'Bearer');
  throw new GatewayError('UNAUTHORIZED', 'this needs the bearer token of its option');
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
