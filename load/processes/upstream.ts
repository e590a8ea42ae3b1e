/**
 * The scripted upstream, a process of its own: offers events at a rate to everybody who is connected, from when it is
 * told, and replays what it still has after a Last-Event-ID. Its bodies have no transfer coding, so that the simplest
 * reader can read them. A write that is due late is made late, up to
 * a limit; beyond that the schedule lets go: a burst to catch up would be a load that nobody asked for. It shares its core
 * with the client, and goes first where it may.
 */
import { createServer, type Socket } from 'node:net';
import { setPriority } from 'node:os';
import { Probe } from '../checking/probe.js';
import { events } from '../wire/event.js';
import { monotonicMicros } from '../wire/monotonic.js';
import { answering } from './answering.js';

export interface Offer {
  /** Writes per second. */
  readonly rate: number;
  /** Events per write. Default 1. */
  readonly perWrite?: number;
  /** Bytes of an event. Default 128. */
  readonly bytes?: number;
  /** How many writes; without, until it is told to stop. */
  readonly writes?: number;
}

export interface Offered {
  /** Events since the process began; the ordinal of the newest is one less. */
  readonly events: number;
  /** Writes that the schedule let go. */
  readonly skipped: number;
  /** From the first write of this offer to its last. */
  readonly seconds: number;
}

const HEAD =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\nconnection: close\r\n\r\n:\n\n';
/** What can be replayed. */
const KEPT_EVENTS = 20_000;
/** Behind by more than this, and more than two writes, the schedule lets go. */
const LATE_MS = 10;
const LATE_WRITES = 2;
const PRIORITY = -10;

const readers = new Set<Socket>();
const kept: Buffer[] = [];
let next = 0;
let probe: Probe | undefined;
let stop: (() => void) | undefined;

const server = createServer({ noDelay: true }, (socket) => {
  let request = '';
  socket.on('error', () => undefined).on('close', () => readers.delete(socket));
  socket.setEncoding('latin1').on('data', (text: string) => {
    if (readers.has(socket)) return;
    request += text;
    if (!request.includes('\r\n\r\n')) return;
    socket.write(HEAD);
    const id = /^last-event-id: *(\d+)/im.exec(request)?.[1];
    if (id !== undefined) replay(socket, Number(id) + 1);
    readers.add(socket);
  });
});

function replay(socket: Socket, from: number): void {
  const oldest = next - kept.length;
  const missed = kept.slice(Math.max(0, from - oldest));
  if (missed.length > 0) socket.write(Buffer.concat(missed));
}

function write(count: number, bytes: number): void {
  const batch = events(next, count, bytes, monotonicMicros());
  for (let k = 0; k < count; k += 1) kept.push(batch.subarray(k * bytes, (k + 1) * bytes));
  if (kept.length > 2 * KEPT_EVENTS) kept.splice(0, kept.length - KEPT_EVENTS);
  next += count;
  for (const socket of readers) socket.write(batch);
}

function offer({
  rate,
  perWrite = 1,
  bytes = 128,
  writes = Number.POSITIVE_INFINITY,
}: Offer): Promise<Offered> {
  const begun = performance.now();
  const periodMs = 1_000 / rate;
  let due = begun;
  let written = 0;
  let skipped = 0;
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const finish = (): void => {
      clearTimeout(timer);
      stop = undefined;
      resolve({ events: next, skipped, seconds: (performance.now() - begun) / 1_000 });
    };
    stop = finish;
    const tick = (): void => {
      const late = Math.floor((performance.now() - due) / periodMs);
      if (late >= LATE_WRITES && late * periodMs > LATE_MS) {
        skipped += late - 1;
        due += (late - 1) * periodMs;
      }
      while (due <= performance.now() && written < writes) {
        write(perWrite, bytes);
        due += periodMs;
        written += 1;
      }
      if (written >= writes) finish();
      else timer = setTimeout(tick, Math.max(1, due - performance.now()));
    };
    tick();
  });
}

try {
  setPriority(PRIORITY);
} catch {
  // Not ours to have: late writes then show as `skipped`.
}
server.listen(0, '127.0.0.1', 4_096);

answering({
  where: () =>
    new Promise((resolve) => {
      const address = (): void => resolve((server.address() as { port: number }).port);
      if (server.listening) address();
      else server.once('listening', address);
    }),
  /** Answers when the last write is made, or when it was stopped. */
  offer,
  stop: () => stop?.(),
  /** Cuts every connection. */
  flap: () => {
    for (const socket of readers) socket.destroy();
  },
  readers: () => readers.size,
  /** Asks the server under test something small meanwhile: here is more idle time than in the client. */
  probe: (options: { port: number; path: string; everyMs: number }) => {
    probe = new Probe(options);
  },
  probed: () => probe?.end(),
});
