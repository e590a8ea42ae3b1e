/**
 * One client's stream, from being let in to what is told of its end. One object per client: what it takes is given back
 * once, whichever way it ends. It refuses to decide who is let in.
 */
import type { FastifyRequest } from 'fastify';
import {
  type Channel,
  type CloseReason,
  diagnose,
  type Gateway,
  type HttpResponse,
  type Rechecks,
  type Resume,
  type Subscriber,
} from '../src/index.js';
import type { Access } from './access-options.js';
import type { SseGatewayOptions, StreamInfo } from './options.js';

export interface StreamContext extends Pick<Access, 'allowedOrigins' | 'expiresAt'> {
  readonly gateway: Gateway;
  readonly onStream: SseGatewayOptions['onStream'];
  /** Streams leave their HTTP connection, where the server's are made for it. */
  readonly detachStreams: boolean;
  readonly rechecks: Rechecks<ClientStream> | undefined;
  /** The streams that are open, and those that are about to be. */
  readonly open: Set<ClientStream>;
}

/** What `disconnect` and `reauthorize` choose by. */
export interface OpenStream {
  readonly request: FastifyRequest;
  /** The configured name, and the channel's own. */
  readonly channel: string;
  readonly key: string;
}

export class ClientStream {
  readonly request: FastifyRequest;
  readonly channel: Channel;
  readonly #context: StreamContext;
  readonly #giveUp: () => void;
  readonly #leave: () => void;
  #resume: Resume['outcome'] = 'fresh';
  #openedAt = 0;
  #subscriber: Subscriber | undefined;
  /** Why it must not begin. */
  #refused: CloseReason | undefined;

  /** @param giveUp gives the claim on the channel back; @param leave the place among all clients; both idempotent */
  constructor(
    context: StreamContext,
    request: FastifyRequest,
    channel: Channel,
    giveUp: () => void,
    leave: () => void,
  ) {
    this.#context = context;
    this.request = request;
    this.channel = channel;
    this.#giveUp = giveUp;
    this.#leave = leave;
    context.open.add(this);
  }

  /** It was ended before it has begun. */
  get refused(): boolean {
    return this.#refused !== undefined;
  }

  /**
   * Begins the stream on a response whose head is out.
   * @param leaves it leaves its HTTP connection
   * @param until when what the client showed expires
   */
  begin(
    response: HttpResponse,
    resume: Resume,
    id: Uint8Array | undefined,
    leaves: boolean,
    until: Date | undefined,
  ): void {
    this.#resume = resume.outcome;
    this.#openedAt = performance.now();
    // Whoever is told of the end wants to know whose it was: once the socket is gone nobody can say.
    if (this.#context.onStream !== undefined) void this.request.ip;
    const left = (reason: CloseReason): void => this.#left(reason);
    this.#subscriber = this.channel.subscribers.join(response, resume, id, leaves, left);
    if (!this.#context.open.has(this)) return;
    this.#context.rechecks?.add(this, until);
    this.#tell('open');
  }

  /** Gives back what it took. Idempotent. */
  release(): void {
    this.#context.open.delete(this);
    this.#context.rechecks?.delete(this);
    this.#giveUp();
    this.#leave();
  }

  /** Ends it, with whole events. One that may not go on gets nothing that isn't under way; one that waits never begins. */
  end(reason: CloseReason): void {
    if (this.#subscriber === undefined) this.#refused = reason;
    else if (reason === 'unauthorized') this.#subscriber.stop(reason);
    else this.#subscriber.end(reason);
  }

  /** As its host sees it. */
  get described(): OpenStream {
    return { request: this.request, channel: this.channel.name, key: this.channel.key };
  }

  #left(reason: CloseReason): void {
    this.release();
    // One that is gone before it has begun was never open.
    if (this.#subscriber !== undefined) this.#tell('close', reason);
  }

  /** A callback of the host must not disturb the stream it is told of. */
  #tell(type: StreamInfo['type'], reason?: CloseReason): void {
    const { onStream, gateway } = this.#context;
    const { request, channel } = this;
    const told = { channel: channel.name, key: channel.key, resume: this.#resume };
    const ended =
      reason === undefined ? undefined : { reason, durationMs: performance.now() - this.#openedAt };
    const traced = () => ({ gateway: gateway.options.name, ...told, request });
    if (ended === undefined) diagnose('sse-gateway:stream:open', traced);
    else diagnose('sse-gateway:stream:close', () => ({ ...traced(), ...ended }));
    if (onStream === undefined) return;
    const threw = (err: unknown): void => request.log.error({ err }, 'onStream threw');
    try {
      // An async callback is a legal one, and its rejection, unheard, would end the process.
      const done: unknown = onStream(request, { type, ...told, ...ended });
      if (done instanceof Promise) done.catch(threw);
    } catch (error) {
      threw(error);
    }
  }
}

/** Ends the streams that the filter chooses; returns how many. What the filter throws is thrown before any stream has ended. */
export function disconnect(open: ReadonlySet<ClientStream>, filter: (stream: OpenStream) => boolean): number {
  const chosen = [...open].filter((stream) => filter(stream.described));
  for (const stream of chosen) stream.end('disconnected');
  return chosen.length;
}
