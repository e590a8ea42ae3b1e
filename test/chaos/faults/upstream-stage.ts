/**
 * What the faults of upstreams stand on: a gateway with the channel `faulty` before the upstream that misbehaves and the
 * channel `calm` before one that doesn't, a client on each, and what must hold at the end whatever the fault was: the
 * calm neighbour got everything over one connection, and the books balance. It refuses to know the fault.
 */
import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { ChannelOptions } from '../../../src/options.js';
import { settledBooks } from '../../exactness/fixtures/books.js';
import type { SseClient } from '../../helpers/sse-client.js';
import { until } from '../../helpers/waits.js';
import { type Served, serve } from '../../plugins/serve.js';
import type { Outcome, Scene } from '../fault.js';

/** Delays of milliseconds, where the fault is not about delays. */
export const QUICK: ChannelOptions = { backoffMinMs: 2, backoffBaseMs: 2, backoffMaxMs: 20 };

const CALM_RATE = 100;

export class Stage {
  readonly gateway: Served;
  readonly client: SseClient;
  readonly calm: SseClient;

  constructor(gateway: Served, client: SseClient, calm: SseClient) {
    this.gateway = gateway;
    this.client = client;
    this.calm = calm;
  }

  /** The faulty channel as `/health` has it. */
  get health() {
    return this.gateway.app.sseGateway.stats().channels['faulty']!;
  }

  /** One series of the faulty channel, summed over what the labels leave open. */
  async count(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const { metrics } = await settledBooks(this.gateway.port);
    return metrics.sum(name, { channel: 'faulty', ...labels });
  }

  /** The channel is as described. */
  async holds(condition: () => boolean, what: string, deadlineMs?: number): Promise<void> {
    await until(
      condition,
      () => `${what}; it is ${JSON.stringify(this.health)}, ${this.client.check}`,
      deadlineMs,
    );
  }

  /** Checks what must hold behind every fault, and sums up what the client saw. */
  async over(seen?: string): Promise<Outcome> {
    const { gateway, client, calm } = this;
    gateway.upstream.stop();
    const last = gateway.upstream.number;
    await calm.waitFor(({ check }) => check!.last >= last, 'the last event of the calm channel');
    assert.ok(calm.check!.contiguous, `the calm channel: ${calm.check}`);
    assert.equal(calm.check!.events, last, 'all of the calm channel');
    assert.equal(gateway.upstream.requests.length, 1, 'one connection of the calm channel');
    const { off } = await settledBooks(gateway.port);
    assert.equal(off, 0, 'the books');
    const { lost, duplicates, gaps } = client.check!;
    return { lost, duplicated: duplicates, announced: gaps, ...(seen === undefined ? {} : { seen }) };
  }
}

/** The stage, with both clients reading; the faulty upstream may not answer yet. */
export async function stage(
  scene: Scene,
  url: string | readonly string[],
  options: ChannelOptions = {},
  connectsPerSecond = 100_000,
): Promise<Stage> {
  const gateway = await serve(scene, (origin) => ({
    channels: { calm: { url: origin }, faulty: { connectWaitMs: 0, ...options, url } },
    connectsPerSecond,
  }));
  const calm = await gateway.live({ path: '/events/calm', keep: 'check' });
  gateway.upstream.start(CALM_RATE);
  await calm.waitFor(1);
  const client = await gateway.reader({ path: '/events/faulty', keep: 'check' });
  return new Stage(gateway, client, calm);
}

/** A TCP server of the scene, on loopback, and its connections; what it is sent is discarded unless it is read. */
export class RawUpstream {
  readonly url: string;
  readonly port: number;
  /** When each connection came, monotonic ms. */
  readonly times: number[] = [];
  /** First bytes of each connection that sent any. */
  readonly requests: string[] = [];

  private constructor(server: Server, scheme: string, host: string) {
    this.port = (server.address() as AddressInfo).port;
    this.url = `${scheme}://${host}:${this.port}/events`;
  }

  /** `answer` is called with each connection, its number from 0, and its request once that has come. */
  static async listen(
    scene: Scene,
    answer: (socket: Socket, nth: number, request: string) => void,
    server: Server = createServer(),
    { scheme = 'http', host = '127.0.0.1' }: { scheme?: string; host?: string } = {},
  ): Promise<RawUpstream> {
    const sockets = new Set<Socket>();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', () => listening()));
    const upstream = new RawUpstream(server, scheme, host);
    server.on(scheme === 'https' ? 'secureConnection' : 'connection', (socket: Socket) => {
      const nth = upstream.times.push(performance.now()) - 1;
      sockets.add(socket.on('error', () => undefined));
      socket.once('close', () => sockets.delete(socket));
      socket.once('data', (bytes) => {
        upstream.requests.push(bytes.toString('latin1'));
        answer(socket, nth, upstream.requests.at(-1)!);
      });
    });
    scene.teardown(async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    });
    return upstream;
  }

  /** The pauses between one connection and the next, ms. */
  get pauses(): number[] {
    return this.times.slice(1).map((time, i) => time - this.times[i]!);
  }
}

/** The head of a stream in chunks, and a chunk. */
export const HEAD =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
/** A head behind which the body is what comes until the connection ends. */
export const PLAIN = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n';

export function chunk(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}

/** The id that a request asks with, as a number; 0 without one. */
export function askedBehind(request: string): number {
  return Number(/\r\nlast-event-id: (\d+)\r\n/i.exec(request)?.[1] ?? 0);
}

/** A wait that is part of the fault itself: so long it lasts. */
export function lasting(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
