/**
 * Turns one request into one client's stream: what must be refused is refused with a status before the stream begins;
 * after that the response belongs to the channel. Where nothing has to be waited for, all of it happens in the turn of
 * the request and without a promise: streams come by the thousand, and each promise is paid for by all of them.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  type Channel,
  type ChannelMetrics,
  Connection,
  type ErrorCode,
  type Gateway,
  GatewayError,
  type HttpResponse,
  isHttp2,
  ownsSocket,
  type Parameters,
  type RefusalReason,
} from '../src/index.js';
import { ClientStream, type StreamContext } from './client-stream.js';
import { expiryOf } from './expiry.js';
import { lastEventId } from './last-event-id.js';
import { assertAcceptable, STREAM_HEADERS } from './media-type.js';
import { assertOrigin } from './origins.js';
import { refuse, refuseFailed } from './refusal.js';
import { sendHead } from './stream-head.js';

/** A request for a stream, and the channel it is for. */
interface Asked {
  readonly context: StreamContext;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly name: string;
  readonly parameters: Parameters;
  readonly id: Uint8Array | undefined;
  /** When what the client shows expires. */
  readonly until: Date | undefined;
}

/**
 * Answers with the stream of a channel; the promise, if any, is of what had to be waited for.
 * @throws GatewayError before the stream begins
 */
export function openStream(
  context: StreamContext,
  request: FastifyRequest,
  reply: FastifyReply,
  name: string,
  parameters: Parameters,
): Promise<void> | undefined {
  const failed = (error: unknown): void => {
    const reason = error instanceof GatewayError ? REFUSALS[error.code] : undefined;
    if (reason === undefined) throw error;
    // The gateway counts that one itself.
    if (reason !== 'channel-limit') metricsOf(context.gateway, name)?.refusals.add(reason);
    // Statuses that a client must see: coming back with the same request would get the same answer.
    if (FINAL.has(reason)) throw error;
    refuse(context.gateway, request, reply, reason, error as GatewayError);
  };
  try {
    assertOrigin(context.allowedOrigins, request);
    assertAcceptable(request);
    // The HEAD route that Fastify makes of an own GET route ends up here: a stream would be a body where none may be.
    if (request.method === 'HEAD') {
      reply.headers(STREAM_HEADERS).send();
      return undefined;
    }
    const until = expiryOf(context.expiresAt, request);
    const asked = { context, request, reply, name, parameters, id: lastEventId(request), until };
    return onTurn(asked)?.catch(failed);
  } catch (error) {
    failed(error);
    return undefined;
  }
}

/** Refusals that come as errors, before there is a channel that could count them. */
const REFUSALS: Partial<Record<ErrorCode, RefusalReason>> = {
  SSE_GATEWAY_ORIGIN_REFUSED: 'origin',
  SSE_GATEWAY_UNAUTHORIZED: 'unauthorized',
  SSE_GATEWAY_NOT_ACCEPTABLE: 'not-acceptable',
  SSE_GATEWAY_DRAINING: 'draining',
  SSE_GATEWAY_CLOSED: 'draining',
  SSE_GATEWAY_CHANNEL_LIMIT: 'channel-limit',
  SSE_GATEWAY_RESUME_GAP: 'gap',
};

/** Those that stay what they are however often a client comes back. */
const FINAL: ReadonlySet<RefusalReason> = new Set(['origin', 'unauthorized', 'not-acceptable', 'gap']);

function metricsOf(gateway: Gateway, name: string): ChannelMetrics | undefined {
  for (const family of gateway.families()) if (family.name === name) return family.metrics;
  return undefined;
}

/** Goes on when the response's turn on its connection has come. */
function onTurn(asked: Asked): Promise<void> | undefined {
  const response = asked.reply.raw as HttpResponse;
  const owned = isHttp2(response) ? !response.stream.destroyed : ownsSocket(response);
  if (typeof owned !== 'boolean') return owned.then((turn) => (turn ? enter(asked) : leave(asked)));
  return owned ? enter(asked) : leave(asked);
}

/** The client is gone: there is nobody to answer. */
function leave({ reply }: Asked): undefined {
  reply.hijack();
}

/** Lets the client in, and waits with it for the head of a first connection to the upstream. */
function enter(asked: Asked): Promise<void> | undefined {
  const { context, request, reply, name, parameters, id } = asked;
  const { gateway } = context;
  assertServing(gateway);
  // Before a channel is made: that may cost another, which nobody reads at the moment.
  const alive = gateway.find(name, parameters, request.headers);
  const full = alive !== undefined && alive.claims >= alive.options.maxSubscribers;
  const place = full ? 'channel-full' : gateway.admit(request);
  if (typeof place === 'string') {
    metricsOf(gateway, name)?.refusals.add(place);
    refuse(gateway, request, reply, place);
    return undefined;
  }
  const channel = alive ?? make(asked, place);
  const askedAt = channel.log.tipSeq;
  const stream = new ClientStream(context, request, channel, channel.claim(id), place);
  const head = channel.headKnown();
  if (head === undefined) return begin(asked, stream, askedAt);
  return head.then(() => begin(asked, stream, askedAt));
}

function begin(
  { context, request, reply, id, until }: Asked,
  stream: ClientStream,
  askedAt: number,
): undefined {
  const { channel } = stream;
  const response = reply.raw as HttpResponse;
  try {
    if (gone(response)) {
      stream.release();
      reply.hijack();
      return;
    }
    assertServing(context.gateway);
    if (stream.refused) {
      stream.release();
      channel.metrics.refusals.add('disconnected');
      refuse(context.gateway, request, reply, 'disconnected');
      return;
    }
    if (channel.state === 'closed') throw new GatewayError('CLOSED', 'the gateway is closing');
    if (channel.state === 'failed') {
      stream.release();
      refuseFailed(channel, reply);
      return;
    }
    const { subscribers } = channel;
    const resume = id === undefined ? subscribers.fresh(askedAt) : subscribers.locate(id);
    if (resume.outcome === 'gap' && channel.options.onGap === 'reject') {
      throw new GatewayError('RESUME_GAP', `the events after that id are not available: ${resume.reason}`);
    }
    reply.hijack();
    const { socket } = response;
    const carried = (socket as unknown) instanceof Connection;
    const leaves = context.detachStreams && carried;
    // Head and first bytes in one packet.
    const out = carried ? (socket as unknown as Connection).socket : isHttp2(response) ? null : socket;
    out?.cork();
    try {
      sendHead(response, reply, resume.outcome, leaves);
      stream.begin(response, resume, id, leaves, until);
    } finally {
      out?.uncork();
    }
  } catch (error) {
    stream.release();
    if (!reply.sent) throw error;
    // The response is ours already: nobody else can end it.
    request.log.error({ err: error, channel: channel.key }, 'a stream could not begin');
    response.destroy();
  }
}

/** @throws GatewayError 503 when streams have begun to end: one that began now would be cut */
function assertServing(gateway: Gateway): void {
  if (gateway.refusing) throw new GatewayError('DRAINING', 'this gateway is being drained');
}

function make({ context, request, name, parameters }: Asked, leave: () => void): Channel {
  try {
    return context.gateway.channel(name, parameters, request.headers);
  } catch (error) {
    leave();
    throw error;
  }
}

function gone(response: HttpResponse): boolean {
  return isHttp2(response)
    ? response.stream.destroyed
    : response.socket === null || response.socket.destroyed;
}
