/**
 * The demo's upstream: an independent event-stream server on plain node:http, with a history, resume by Last-Event-ID
 * and, on a schedule of its own, the hiccups that real upstreams have. It refuses to know that a gateway exists.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, type Random, systemClock, type Timer } from '../src/clock.js';
import { Harbour } from './harbour.js';

export interface DemoUpstreamOptions {
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default: `Math.random`. */
  readonly random?: Random;
  /** On 127.0.0.1. Default 0: one that is free. */
  readonly port?: number;
  /** Whether it cuts, ends and refuses connections of its own accord, every 20–40 s. Default true. */
  readonly hiccups?: boolean;
}

/** What a hiccup does: cuts every stream inside an event, ends them cleanly, or cuts them and answers 503 for 2–5 s. */
export const HICCUPS = ['cut', 'end', 'refuse'] as const;
export type Hiccup = (typeof HICCUPS)[number];

/** Counters since the start, and `clients`, the streams that are open now. */
export interface DemoUpstreamStats {
  /** Events made, which is also the newest event's `n`. */
  readonly events: number;
  readonly clients: number;
  /** Streams begun. */
  readonly accepted: number;
  /** Streams begun behind an event that the client named. */
  readonly resumed: number;
  /** Requests answered 503. */
  readonly refused: number;
  /** By kind; a call of `cut` counts as one. */
  readonly hiccups: Readonly<Record<Hiccup, number>>;
}

export interface DemoUpstream {
  /** Of the stream. */
  readonly url: string;
  /** A snapshot. */
  readonly stats: DemoUpstreamStats;
  /** Sends half an event to every client and destroys its socket. */
  cut(): void;
  /** Stops the events, destroys every connection and frees the port. Idempotent. */
  close(): Promise<void>;
}

const PATH = '/events';
/** Events kept for those who come back. */
const HISTORY = 2_000;
/** Events that a client gets which names none, or one that is not held. */
const GREETING = 5;
const RETRY_MS = 1_000;
const HEARTBEAT_MS = 10_000;
/** A client that has this much unread is cut off: nothing here may grow without bound. */
const MAX_UNREAD_BYTES = 1_048_576;
/** Events per second, and how often (of 10) the harbour is in that mood. */
const MOODS = [5, 5, 8, 8, 8, 11, 11, 14, 20, 20] as const;

/**
 * Starts the stream. Event ids are `<n>.<run>`: n counts from 1 without a hole, and the run tells this process's events
 * from those of the one before, so that a stale id is unknown rather than wrong. Data is JSON: `n`, `run`, `t` (epoch
 * ms) and what {@link Harbour} says.
 *
 * @throws The error of `listen`, when the port is taken.
 */
export async function startDemoUpstream(options: DemoUpstreamOptions = {}): Promise<DemoUpstream> {
  const { clock = systemClock, random = Math.random, port = 0, hiccups = true } = options;
  const run = Math.floor(clock.wallNow() / 1_000).toString(36);
  const harbour = new Harbour(random, clock.now());
  const clients = new Set<ServerResponse>();
  /** Contiguous: the entry at index i has n = n of the first + i. */
  const history: { readonly n: number; readonly frame: string }[] = [];
  const counts = { events: 0, accepted: 0, resumed: 0, refused: 0, hiccups: { cut: 0, end: 0, refuse: 0 } };
  const timers = new Map<() => void, Timer>();
  let refusingUntil = Number.NEGATIVE_INFINITY;
  let closing: Promise<void> | undefined;

  const between = (least: number, most: number) => least + random() * (most - least);

  function record(): string {
    const n = ++counts.events;
    const { type, data } = harbour.next(clock.now());
    const json = JSON.stringify({ n, run, t: clock.wallNow(), ...data });
    const frame = `${type === undefined ? '' : `event: ${type}\n`}id: ${n}.${run}\ndata: ${json}\n\n`;
    history.push({ n, frame });
    if (history.length > HISTORY) history.shift();
    return frame;
  }

  function send(text: string): void {
    for (const client of clients) {
      if (client.writableLength > MAX_UNREAD_BYTES) client.destroy();
      else client.write(text);
    }
  }

  function sever(): void {
    const frame = record();
    const half = frame.slice(0, frame.length >> 1);
    for (const client of clients) {
      if (client.writableLength > MAX_UNREAD_BYTES) client.destroy();
      else client.write(half, () => client.destroy());
    }
    clients.clear();
  }

  function hiccup(kind: Hiccup): void {
    counts.hiccups[kind] += 1;
    if (kind === 'end') {
      for (const client of clients) client.end();
      clients.clear();
      return;
    }
    if (kind === 'refuse') refusingUntil = clock.now() + between(2_000, 5_000);
    sever();
  }

  /** Calls `fn` again and again, each time after the delay that `nextMs` then gives. */
  function every(nextMs: () => number, fn: () => void): void {
    const turn = () => {
      fn();
      timers.set(fn, clock.after(nextMs(), turn));
    };
    timers.set(fn, clock.after(nextMs(), turn));
  }

  /** The events behind the one the client names; undefined when we can't go on from there. */
  function behind(header: string): readonly { readonly frame: string }[] | undefined {
    const [, n, life] = /^(\d{1,15})\.(\w+)$/.exec(Buffer.from(header, 'latin1').toString('utf8')) ?? [];
    const from = Number(n) + 1 - history[0]!.n;
    return life === run && from >= 0 && from <= history.length ? history.slice(from) : undefined;
  }

  function answer(request: IncomingMessage, response: ServerResponse): void {
    response.on('error', () => response.destroy());
    if (request.url?.split('?', 1)[0] !== PATH) return void response.writeHead(404).end();
    if (request.method !== 'GET') return void response.writeHead(405, { allow: 'GET' }).end();
    if (clock.now() < refusingUntil) {
      counts.refused += 1;
      return void response.writeHead(503, { 'retry-after': '1' }).end();
    }
    const header = request.headers['last-event-id'];
    const missed = typeof header === 'string' ? behind(header) : undefined;
    // Who is asked to replay and can't says so: answered with live events, nobody could notice the hole.
    if (typeof header === 'string' && missed === undefined) return void response.writeHead(410).end();
    counts.accepted += 1;
    if (missed !== undefined) counts.resumed += 1;
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
    });
    const frames = (missed ?? history.slice(-GREETING)).map((entry) => entry.frame);
    response.write(`: the harbour, live\nretry: ${RETRY_MS}\n\n${frames.join('')}`);
    clients.add(response);
    response.on('close', () => clients.delete(response));
  }

  for (let i = 0; i < GREETING; i++) record();
  const server = createServer(answer);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  let rate: number = MOODS[2];
  every(
    () => between(2_000, 7_000),
    () => {
      rate = MOODS[Math.floor(random() * MOODS.length)]!;
    },
  );
  every(
    () => (1_000 / rate) * between(0.3, 1.7),
    () => send(record()),
  );
  every(
    () => HEARTBEAT_MS,
    () => send(': still here\n\n'),
  );
  if (hiccups) {
    every(
      () => between(20_000, 40_000),
      () => hiccup(HICCUPS[Math.floor(random() * HICCUPS.length)]!),
    );
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}`,
    get stats() {
      return { ...counts, clients: clients.size, hiccups: { ...counts.hiccups } };
    },
    cut: () => hiccup('cut'),
    close() {
      closing ??= (async () => {
        for (const timer of timers.values()) timer.cancel();
        const closed = once(server, 'close');
        server.close();
        server.closeAllConnections();
        await closed;
      })();
      return closing;
    },
  };
}
