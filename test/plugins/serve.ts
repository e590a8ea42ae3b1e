/**
 * What the tests of plugins/ stand on: a Fastify app with the plugin, listening on a port of 127.0.0.1 before a scripted
 * upstream, and clients of it; all closed with the test. It refuses manual clocks: the plugin takes none, so tests set
 * short timings and await what they cause.
 */
import type { AddressInfo } from 'node:net';
import fastify, { type FastifyHttpOptions, type FastifyInstance, type RawServerDefault } from 'fastify';
import type { Test } from 'tap';
import type { SseGatewayOptions } from '../../plugins/options.js';
import sseGateway from '../../plugins/plugin.js';
import { type RawConnection, rawRequest } from '../helpers/raw-http.js';
import { ScriptedUpstream, type UpstreamOptions } from '../helpers/scripted-upstream.js';
import { SseClient } from '../helpers/sse-client.js';
import type { SseClientOptions } from '../helpers/sse-request.js';
import { until } from '../helpers/waits.js';

type Options = Partial<SseGatewayOptions>;

/** Whether the streams of this run leave their connections (see `detached.test.ts`). */
export const DETACHED = process.env['TEST_DETACH_STREAMS'] === '1';

/** Whether they are written to past the streams of their sockets (see `stream-writes.test.ts`). */
export const DIRECT = process.env['TEST_DIRECT_WRITES'] !== '0';

export interface Setup {
  /** Of the scripted upstream. */
  readonly upstream?: UpstreamOptions;
  readonly fastify?: FastifyHttpOptions<RawServerDefault>;
  /** What the host registers before the plugin. */
  readonly before?: (app: FastifyInstance) => unknown;
  /** What the host registers behind it. */
  readonly after?: (app: FastifyInstance) => unknown;
}

/** A running gateway. */
export class Served {
  readonly app: FastifyInstance;
  readonly upstream: ScriptedUpstream;
  readonly #clients: { destroy(): void }[] = [];

  constructor(app: FastifyInstance, upstream: ScriptedUpstream) {
    this.app = app;
    this.upstream = upstream;
  }

  get port(): number {
    return (this.app.server.address() as AddressInfo).port;
  }

  get subscribers(): number {
    return this.app.sseGateway.stats().subscribers;
  }

  /** A client that connects at once; `path` defaults to the channel `prices`. */
  client(options: Partial<SseClientOptions> = {}): SseClient {
    const client = new SseClient({ port: this.port, path: '/events/prices', ...options });
    this.#clients.push(client);
    return client;
  }

  /** A client whose stream has begun and which is a subscriber. */
  async reader(options: Partial<SseClientOptions> = {}): Promise<SseClient> {
    const client = this.client(options);
    await client.waitFor(({ retry }) => retry !== undefined, 'the preamble');
    return client;
  }

  /** A reader on a stream whose upstream is open. */
  async live(options: Partial<SseClientOptions> = {}): Promise<SseClient> {
    const client = await this.reader(options);
    await this.upstream.waitForConnections(1);
    return client;
  }

  raw(bytes: string): RawConnection {
    const connection = rawRequest(this.port, bytes);
    this.#clients.push(connection);
    return connection;
  }

  /** One request with any method and headers; the whole answer. */
  async ask(path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, { redirect: 'manual', ...init });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text };
  }

  /** The JSON of an answer. */
  async json<T = Record<string, unknown>>(path: string): Promise<T> {
    return JSON.parse((await this.ask(path)).text) as T;
  }

  /** Resolves when exactly `count` subscribers are there. */
  async waitForSubscribers(count: number, deadlineMs?: number): Promise<void> {
    await until(
      () => this.subscribers === count,
      () => `${this.subscribers} subscribers, not ${count}`,
      deadlineMs,
    );
  }

  /** Resolves when a channel is in this state. */
  async waitForState(state: string, channel = 'prices'): Promise<void> {
    const now = () => this.app.sseGateway.stats().channels[channel]?.state ?? 'idle';
    await until(
      () => now() === state,
      () => `${channel} is ${now()}, not ${state}`,
    );
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await this.app.close();
    await this.upstream.close();
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/**
 * A gateway with the channels `prices` and `rooms/:room` before one upstream, unless `options` names others (`url`s are
 * made by a function of the upstream's origin). Slabs are poisoned when released, and drains take no time.
 */
export async function serve(
  t: Pick<Test, 'teardown'>,
  options: Options | ((origin: string) => Options) = {},
  { upstream: upstreamOptions, fastify: fastifyOptions, before, after }: Setup = {},
): Promise<Served> {
  const upstream = await ScriptedUpstream.listen(upstreamOptions);
  const origin = `http://127.0.0.1:${upstream.port}`;
  const app = fastify({ ...fastifyOptions });
  const served = new Served(app, upstream);
  t.teardown(() => served.close());
  await before?.(app);
  await app.register(sseGateway, {
    channels: standardChannels(origin),
    pool: 'poison',
    drainMs: 0,
    detachStreams: DETACHED,
    directWrites: DIRECT,
    ...(typeof options === 'function' ? options(origin) : options),
  });
  await after?.(app);
  await app.listen({ port: 0, host: '127.0.0.1' });
  return served;
}

export function standardChannels(origin: string): SseGatewayOptions['channels'] {
  return { prices: { url: `${origin}/prices` }, 'rooms/:room': { url: `${origin}/rooms/:room/events` } };
}
