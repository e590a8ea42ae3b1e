/** The media type of event streams: what a stream's head says, and whether a client accepts it. */
import type { FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { GatewayError } from '../src/index.js';

export const TYPE = 'text/event-stream';

/** What every stream's head says; DESIGN §8 has the reasons. */
export const STREAM_HEADERS = {
  'content-type': `${TYPE}; charset=utf-8`,
  'cache-control': 'no-cache, no-store, no-transform',
  'x-accel-buffering': 'no',
} as const;

/** What an `Accept` may name: the type with its charset, and without. */
const TYPES = [STREAM_HEADERS['content-type'], TYPE];

/** @throws GatewayError 406 when the client does not accept event streams */
export function assertAcceptable(request: FastifyRequest): void {
  const { accept } = request.headers;
  // What EventSource and most others send needs no parsing, which costs more than all else that is asked of a request.
  if (accept === undefined || accept === TYPE || accept === '*/*') return;
  if (new Negotiator(request).mediaType(TYPES) === undefined) {
    throw new GatewayError('NOT_ACCEPTABLE', `this resource is ${TYPE}`);
  }
}
