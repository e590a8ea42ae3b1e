/**
 * Which pages of browsers may read streams (option `allowedOrigins`): a page of another origin may be kept from reading an
 * answer by CORS, not from asking with the user's cookies. It refuses to set a header: CORS is the host's.
 */
import type { FastifyRequest } from 'fastify';
import { GatewayError } from '../src/index.js';

export type Origins = ReadonlySet<string> | undefined;

/** @throws GatewayError 403 for a request of a page that is not on the list; one without Origin is of no page */
export function assertOrigin(allowed: Origins, request: FastifyRequest): void {
  const { origin } = request.headers;
  if (allowed === undefined || origin === undefined || allowed.has(origin)) return;
  throw new GatewayError('ORIGIN_REFUSED', 'pages of this origin may not read streams here');
}

/** Whether a browser sends this as Origin: scheme, host and port in their normal form, or `null`. */
export function isOrigin(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  return value === 'null' || (URL.canParse(value) && new URL(value).origin === value);
}
