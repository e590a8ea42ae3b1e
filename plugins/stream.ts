/**
 * Turns one request into one client's stream: what must be refused is refused with a status before the stream begins;
 * after that the response belongs to the channel.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  type Channel,
  type ChannelMetrics,
  type ErrorCode,
  type Gateway,
  GatewayError,
  type HttpResponse,
  isHttp2,
  ownsSocket,
  type Parameters,
  type RefusalReason,
  type Subscriber,
} from '../src/index.js';
import { lastEventId } from './last-event-id.js';
import { assertAcceptable, STREAM_HEADERS } from './media-type.js';
import type { SseGatewayOptions, StreamInfo } from './options.js';
import { refuse, refuseFailed } from './refusal.js';

export interface StreamContext {
  readonly gateway: Gateway;
  readonly onStream: SseGatewayOptions['onStream'];
  /** The streams that are open, with what opened them. */
  readonly open: Map<Subscriber, OpenStream>;
}

/** What `disconnect` chooses by. */
export interface OpenStream {
  readonly request: FastifyRequest;
  /** The configured name, and the channel's own. */
  readonly channel: string;
  readonly key: string;
}

/** Answers with the stream of a channel. @throws GatewayError before the stream begins */
export async function openStream(
  context: StreamContext,
  request: FastifyRequest,
  reply: FastifyReply,
  name: string,
  parameters: Parameters,
): Promise<void> {
  try {
    await begin(context, request, reply, name, parameters);
  } catch (error) {
    const reason = error instanceof GatewayError ? REFUSALS[error.code] : undefined;
    if (reason === undefined) throw error;
    // The gateway counts that one itself.
    if (reason !== 'channel-limit') metricsOf(context.gateway, name)?.refusals.add(reason);
    // Statuses that a client must see: coming back with the same request would get the same answer.
    if (reason === 'not-acceptable' || reason === 'gap') throw error;
    refuse(context.gateway, request, reply, reason, error as GatewayError);
  }
}

/** Refusals that come as errors, before there is a channel that could count them. */
const REFUSALS: Partial<Record<ErrorCode, RefusalReason>> = {
  SSE_GATEWAY_NOT_ACCEPTABLE: 'not-acceptable',
  SSE_GATEWAY_DRAINING: 'draining',
  SSE_GATEWAY_CLOSED: 'closing',
  SSE_GATEWAY_CHANNEL_LIMIT: 'channel-limit',
  SSE_GATEWAY_RESUME_GAP: 'gap',
};

function metricsOf(gateway: Gateway, name: string): ChannelMetrics | undefined {
  for (const family of gateway.families()) if (family.name === name) return family.metrics;
  return undefined;
}

async function begin(
  context: StreamContext,
  request: FastifyRequest,
  reply: FastifyReply,
  name: string,
  parameters: Parameters,
): Promise<void> {
  const { gateway } = context;
  assertAcceptable(request);
  // The HEAD route that Fastify makes of an own GET route ends up here: a stream would be a body where none may be.
  if (request.method === 'HEAD') return void reply.headers(STREAM_HEADERS).send();
  const id = lastEventId(request);
  const response = reply.raw as HttpResponse;
  if (!(await ready(response))) return void reply.hijack();
  assertServing(gateway);
  const refused = (reason: RefusalReason): void => {
    metricsOf(gateway, name)?.refusals.add(reason);
    refuse(gateway, request, reply, reason);
  };
  // Before a channel is made: that may cost another, which nobody reads at the moment.
  const alive = gateway.find(name, parameters);
  if (alive !== undefined && alive.claims >= alive.options.maxSubscribers) return refused('channel-full');
  const leave = gateway.admit(request.ip);
  if (typeof leave === 'string') return refused(leave);
  const channel = alive ?? make(gateway, name, parameters, leave);
  const askedAt = channel.log.tipSeq;
  const giveUp = channel.claim(id);
  const release = (): void => {
    giveUp();
    leave();
  };
  try {
    await channel.headKnown();
    if (gone(response)) {
      release();
      return void reply.hijack();
    }
    assertServing(gateway);
    if (channel.state === 'closed') throw new GatewayError('CLOSED', 'the gateway is closing');
    if (channel.state === 'failed') {
      release();
      return void refuseFailed(channel, reply);
    }
    const { subscribers } = channel;
    const resume = id === undefined ? subscribers.fresh(askedAt) : subscribers.locate(id);
    if (resume.outcome === 'gap' && channel.options.onGap === 'reject') {
      throw new GatewayError('RESUME_GAP', `the events after that id are not available: ${resume.reason}`);
    }
    reply.hijack();
    const stream = { request, channel: name, key: channel.key };
    const told = { channel: name, key: channel.key, resume: resume.outcome };
    const openedAt = performance.now();
    head(response, reply, { 'sse-gateway-resume': resume.outcome });
    const subscriber = subscribers.join(response, resume, id, (reason) => {
      context.open.delete(subscriber);
      release();
      tell(context, request, { ...told, type: 'close', reason, durationMs: performance.now() - openedAt });
    });
    context.open.set(subscriber, stream);
    tell(context, request, { ...told, type: 'open' });
  } catch (error) {
    release();
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

function make(gateway: Gateway, name: string, parameters: Parameters, leave: () => void): Channel {
  try {
    return gateway.channel(name, parameters);
  } catch (error) {
    leave();
    throw error;
  }
}

/** The head of a stream, with the headers that hooks have set (CORS, security headers, cookies). */
function head(response: HttpResponse, reply: FastifyReply, own: Record<string, string>): void {
  const headers: Record<string, number | string | string[] | undefined> = {
    ...reply.getHeaders(),
    ...STREAM_HEADERS,
    ...own,
  };
  // A stream has no length, and its body is nobody's to encode.
  delete headers['content-length'];
  delete headers['content-encoding'];
  delete headers['transfer-encoding'];
  if (isHttp2(response)) {
    delete headers['connection'];
    response.writeHead(200, headers as Record<string, string>);
    return;
  }
  // Head and first bytes in one packet; both are out before anything else happens on this socket.
  const { socket } = response;
  socket?.cork();
  process.nextTick(() => socket?.uncork());
  response.writeHead(200, headers as Record<string, string>);
  response.flushHeaders();
}

/** False when the client is gone before its turn on the connection comes. */
function ready(response: HttpResponse): Promise<boolean> {
  return isHttp2(response) ? Promise.resolve(!response.stream.destroyed) : ownsSocket(response);
}

function gone(response: HttpResponse): boolean {
  return isHttp2(response)
    ? response.stream.destroyed
    : response.socket === null || response.socket.destroyed;
}

/** A callback of the host must not disturb the stream it is told of. */
function tell({ onStream }: StreamContext, request: FastifyRequest, info: StreamInfo): void {
  const threw = (err: unknown): void => request.log.error({ err }, 'onStream threw');
  try {
    // An async callback is a legal one, and its rejection, unheard, would end the process.
    const told: unknown = onStream?.(request, info);
    if (told instanceof Promise) told.catch(threw);
  } catch (error) {
    threw(error);
  }
}

/** Ends the streams that the filter chooses; returns how many. What the filter throws is thrown before any stream has ended. */
export function disconnect(
  open: ReadonlyMap<Subscriber, OpenStream>,
  filter: (stream: OpenStream) => boolean,
): number {
  const chosen = [...open].filter(([, stream]) => filter(stream));
  for (const [subscriber] of chosen) subscriber.end('disconnected');
  return chosen.length;
}
