/**
 * How a request for a stream is refused. The browser's EventSource gives up for good on any status but 200, so that who
 * asks for nothing but an event stream gets one that says when to come back, and ends; others get a status.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Channel, type Gateway, GatewayError, type RefusalReason } from '../src/index.js';
import { STREAM_HEADERS, TYPE } from './media-type.js';

/** When the refused may come back, ms: long enough to help, random so that they don't come together. */
const RETRY_MIN_MS = 10_000;
const RETRY_SPREAD_MS = 50_000;

const WHY: Partial<Record<RefusalReason, string>> = {
  'connection-limit': 'all streams are taken',
  'ip-limit': 'this address has all the streams it may have',
  'accept-rate': 'too many streams begin at once',
  memory: 'the logs hold all the memory that they may',
  'channel-full': 'this channel has all the subscribers it may have',
  disconnected: 'this stream was ended before it began',
};

/** Refuses a newcomer for now; counted by the caller. `error`: what who gets a status is told. */
export function refuse(
  gateway: Gateway,
  request: FastifyRequest,
  reply: FastifyReply,
  reason: RefusalReason,
  error = new GatewayError('CONNECTION_LIMIT', WHY[reason] ?? reason),
): FastifyReply {
  const retryMs =
    reason === 'draining' ? gateway.returnMs() : RETRY_MIN_MS + RETRY_SPREAD_MS * gateway.random();
  if (request.headers.accept?.trim() === TYPE) {
    return reply.headers(STREAM_HEADERS).send(`retry: ${Math.ceil(retryMs)}\n\n`);
  }
  reply.header('retry-after', Math.ceil(retryMs / 1_000));
  return reply.code(503).send(error);
}

/** An upstream that stopped for good: 204 for its 204, else 502 with the time until somebody may try again. */
export function refuseFailed(channel: Channel, reply: FastifyReply): FastifyReply {
  const { failure, metrics } = channel;
  if (failure?.code === 'SSE_GATEWAY_UPSTREAM_NO_CONTENT') {
    metrics.refusals.add('no-content');
    return reply.code(204).send();
  }
  metrics.refusals.add('failed');
  reply.header('retry-after', Math.ceil((channel.retryInMs ?? 0) / 1_000));
  const message = `the upstream of this channel has stopped: ${failure?.code ?? 'unknown'}`;
  return reply.code(502).send(new GatewayError('UPSTREAM_FAILED', message));
}
