/**
 * Turns one request into one client's stream: what must be refused is refused with a status before the stream begins;
 * after that the response belongs to the channel.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import {
  type Channel,
  type ErrorCode,
  type Gateway,
  GatewayError,
  type HttpResponse,
  isHttp2,
  ownsSocket,
  type Parameters,
  type Resume,
} from '../src/index.js';
import { lastEventId } from './last-event-id.js';
import type { SseGatewayOptions, StreamInfo } from './options.js';

export interface StreamContext {
  readonly gateway: Gateway;
  readonly onStream: SseGatewayOptions['onStream'];
}

/** What every stream's head says; DESIGN §8 has the reasons. */
export const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-store, no-transform',
  'x-accel-buffering': 'no',
} as const;

const TYPE = 'text/event-stream';
/** What an `Accept` may name: the type with its charset, and without. */
const TYPES = [STREAM_HEADERS['content-type'], TYPE];

/** @throws GatewayError 406 when the client does not accept event streams */
export function assertAcceptable(request: FastifyRequest): void {
  if (new Negotiator(request).mediaType(TYPES) === undefined) {
    throw new GatewayError('NOT_ACCEPTABLE', `this resource is ${TYPE}`);
  }
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
    countRefusal(context.gateway, name, error);
    throw error;
  }
}

/** Refusals before there is a channel that could count them. */
const EARLY_REFUSALS: Partial<Record<ErrorCode, 'not-acceptable' | 'closing'>> = {
  SSE_GATEWAY_NOT_ACCEPTABLE: 'not-acceptable',
  SSE_GATEWAY_GATEWAY_CLOSED: 'closing',
};

function countRefusal(gateway: Gateway, name: string, error: unknown): void {
  const reason = error instanceof GatewayError ? EARLY_REFUSALS[error.code] : undefined;
  if (reason === undefined) return;
  for (const family of gateway.families()) if (family.name === name) family.metrics.refusals.add(reason);
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
  const channel = gateway.channel(name, parameters);
  const askedAt = channel.log.tipSeq;
  const release = channel.claim();
  try {
    await channel.headKnown();
    if (gone(response)) {
      release();
      return void reply.hijack();
    }
    if (channel.state === 'closed') throw new GatewayError('GATEWAY_CLOSED', 'the gateway is closing');
    if (channel.state === 'failed') {
      release();
      return void refuseFailed(channel, reply);
    }
    const resume = id === undefined ? freshFrom(channel, askedAt) : channel.locate(id);
    if (resume.outcome === 'gap' && channel.options.onGap === 'reject') {
      throw new GatewayError('RESUME_GAP', `the events after that id are not available: ${resume.reason}`);
    }
    reply.hijack();
    const told = { channel: name, key: channel.key, resume: resume.outcome } as const;
    const openedAt = performance.now();
    head(response, reply, { 'sse-gateway-resume': resume.outcome });
    channel.subscribe(response, resume, id, (reason) => {
      release();
      tell(context, request, { ...told, type: 'close', reason, durationMs: performance.now() - openedAt });
    });
    tell(context, request, { ...told, type: 'open' });
  } catch (error) {
    release();
    if (!reply.sent) throw error;
    // The response is ours already: nobody else can end it.
    request.log.error({ err: error, channel: channel.key }, 'a stream could not begin');
    response.destroy();
  }
}

/**
 * Without an id a client begins where the log stood when it asked: what its own request made the upstream send while it
 * waited for the head, such as a snapshot right behind it, is meant for it too.
 */
function freshFrom({ log }: Channel, askedAt: number): Resume {
  return { outcome: 'fresh', seq: Math.max(askedAt, log.floorSeq) };
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

/** An upstream that stopped for good: 204 for its 204, else 502 with the time until somebody may try again. */
function refuseFailed(channel: Channel, reply: FastifyReply): FastifyReply {
  const { failure, metrics } = channel;
  if (failure?.code === 'SSE_GATEWAY_UPSTREAM_NO_CONTENT') {
    metrics.refusals.add('no-content');
    return reply.code(204).send();
  }
  metrics.refusals.add('failed');
  reply.header('retry-after', Math.ceil((channel.retryInMs ?? 0) / 1_000));
  return reply
    .code(502)
    .send(
      new GatewayError(
        'UPSTREAM_FAILED',
        `the upstream of this channel has stopped: ${failure?.code ?? 'unknown'}`,
      ),
    );
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
