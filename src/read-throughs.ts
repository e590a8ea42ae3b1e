/**
 * All read-throughs of a channel: one per id, so many requests at a time, the rest in the order of asking. It decides
 * when waiting is over, and refuses to know how a read-through ends.
 */
import type { Clock, Timer } from './clock.js';
import type { FanOut } from './downstream/fan-out.js';
import type { Subscriber } from './downstream/subscriber.js';
import type { CloseReason } from './errors.js';
import type { GapReason } from './gap.js';
import type { LogBudget } from './log/budget.js';
import type { EventLog } from './log/event-log.js';
import type { SlabPool } from './log/pool.js';
import type { ChannelMetrics } from './metrics/channel-metrics.js';
import type { ResolvedChannelOptions } from './options.js';
import { ReadThrough } from './read-through.js';
import type { ReplayAllowance } from './replay-allowance.js';
import { ReplayPlaces } from './replay-places.js';
import type { Sink } from './sink.js';
import type { SourceFactory } from './source.js';

/** The channel, as its read-throughs see it. */
export interface ReadThroughHost {
  readonly clock: Clock;
  readonly pool: SlabPool;
  readonly budget: LogBudget;
  readonly metrics: ChannelMetrics;
  readonly gap: (reason: GapReason) => void;
  readonly options: ResolvedChannelOptions;
  /** What the private requests of all channels may bring at once. */
  readonly allowance: ReplayAllowance;
  /** Bytes of body after which a request is given up. */
  readonly replayBytes: number;
  nextEpoch(): number;
  /** Seq of the next event of the channel's log. */
  tipSeq(): number;
  /** A fan-out over another log that reports to the channel as its own does. */
  fanOut(log: EventLog, onTip: (subscriber: Subscriber) => void): FanOut;
  /** The upstream id in a client's id, or that id itself where it is one of the upstream's. */
  upstreamIdOf(id: Uint8Array): Uint8Array | undefined;
  /** Seq at which the channel's log goes on behind an upstream id, −1 when it doesn't. */
  behind(id: Uint8Array): number;
  /** Seq of the event with that id and exactly these bytes, −1 when the channel's log holds none. */
  holds(id: Uint8Array, frame: Uint8Array): number;
  /** Whether the channel's log keeps that event long enough for clients that still have to read up to it. */
  lasts(seq: number): boolean;
  /** Until when (ms) an unknown id may still arrive by itself; in the past: it won't. */
  coldUntil(): number;
  /** The source for a private request; undefined: this upstream can't be asked. */
  backfill(): SourceFactory | undefined;
  /** Its request is over, and is to be made again. */
  again(readThrough: ReadThrough): void;
  /** Its end is known. */
  settled(readThrough: ReadThrough): void;
  /** A subscriber goes on in the channel's log: at `seq`, or undefined: at the floor, with a gap. */
  goOn(subscriber: Subscriber, from: ReadThrough, seq: number | undefined): void;
}

export class ReadThroughs {
  readonly #host: ReadThroughHost;
  /** Those whose end is known stay until their clients have read on. */
  readonly #all = new Set<ReadThrough>();
  /** The open ones, by upstream id, those apart that are told of repeats. */
  readonly #open = new Map<string, ReadThrough>();
  /** Those whose request is under way. */
  readonly #reading: ReplayPlaces;
  #deadline: Timer | undefined;
  #filling = false;

  constructor(host: ReadThroughHost) {
    this.#host = host;
    this.#reading = new ReplayPlaces(host.allowance, host.replayBytes, () => this.#fill());
  }

  /** Clients that wait or read here. */
  get size(): number {
    let size = 0;
    for (const { fanOut } of this.#all) size += fanOut.size;
    return size;
  }

  *subscribers(): IterableIterator<Subscriber> {
    for (const { fanOut } of this.#all) yield* fanOut.subscribers;
  }

  /** Whether there is any hope for an id that the channel's log doesn't know. */
  hopeFor(id: Uint8Array): boolean {
    if (!this.#upstreams(id)) return false;
    return this.#host.coldUntil() > this.#host.clock.now() || this.#host.backfill() !== undefined;
  }

  join(id: Uint8Array, sink: Sink, expiresAt: number, first: Buffer): Subscriber {
    const from = this.#host.upstreamIdOf(id) ?? id;
    const key = keyOf(from, from !== id);
    let readThrough = this.#open.get(key);
    // One that has trimmed what it read first is of no use to who comes later.
    if (readThrough?.whole !== true) {
      readThrough = new ReadThrough(from, from !== id, this.#host);
      this.#all.add(readThrough);
      this.#open.set(key, readThrough);
    }
    const subscriber = readThrough.join(sink, expiresAt, first);
    this.#advance([readThrough]);
    return subscriber;
  }

  /** Events `first … end` were committed to the channel's log: some may be what somebody waits for. */
  committed(log: EventLog, first: number, end: number): void {
    if (this.#open.size === 0) return;
    for (let seq = first; seq < end; seq += 1) {
      const id = log.idOf(seq);
      if (id === undefined) continue;
      const key = keyOf(id, false);
      this.#open.get(key)?.look();
      this.#open.get(TOLD + key)?.look();
    }
    for (const readThrough of [...this.#reading]) readThrough.look();
  }

  /** The upstream answered: what it was asked with is a known place now, and waiting has an end. */
  opened(): void {
    for (const readThrough of [...this.#open.values()]) readThrough.look();
    this.#advance(this.#open.values());
  }

  /** Waiting may be over, and those whose clients are gone are let go. */
  tick(now: number, sleptMs = 0): void {
    for (const readThrough of this.#all) {
      readThrough.fanOut.tick(now, sleptMs);
      if (readThrough.fanOut.size > 0) continue;
      readThrough.close('shutdown');
      this.#all.delete(readThrough);
      this.settled(readThrough);
    }
    this.#restSilent(now);
    this.#advance(this.#open.values());
  }

  /** Closes holders of trimmed slabs; returns how many bytes that frees, now or soon. */
  evictHolders(bytes: number): number {
    let freed = 0;
    for (const { fanOut } of this.#all) if (freed < bytes) freed += fanOut.evictHolders(bytes - freed);
    return freed;
  }

  end(reason: CloseReason, last?: Buffer): void {
    for (const { fanOut } of this.#all) fanOut.end(reason, last);
  }

  close(reason: CloseReason): void {
    this.#deadline?.cancel();
    for (const readThrough of this.#all) readThrough.close(reason);
    this.#all.clear();
    this.#open.clear();
    this.#reading.close();
  }

  /** The end of one is known: there is room for another request. */
  settled(readThrough: ReadThrough): void {
    const key = keyOf(readThrough.from, readThrough.repeats);
    if (this.#open.get(key) === readThrough) this.#open.delete(key);
    this.#reading.leave(readThrough);
    this.#fill();
  }

  /** A request is over, but not for good: its place is given up, and it waits for another behind those who wait. */
  again(readThrough: ReadThrough): void {
    const key = keyOf(readThrough.from, readThrough.repeats);
    // Another has taken its place in the queue, where one that has trimmed its beginning is of no use any more.
    if (this.#open.get(key) !== readThrough) {
      readThrough.lose();
      return;
    }
    this.#open.delete(key);
    this.#open.set(key, readThrough);
    this.#reading.leave(readThrough);
    this.#advance(this.#open.values());
  }

  /** How long an id that the channel's log doesn't know may still arrive by itself, ms. */
  get #wait(): number {
    return this.#host.coldUntil() - this.#host.clock.now();
  }

  /** What becomes of these once waiting is over, now or later. */
  #advance(some: Iterable<ReadThrough>): void {
    this.#deadline?.cancel();
    const wait = this.#wait;
    if (wait > 0) {
      const ends = this.#open.size > 0 && wait < Number.POSITIVE_INFINITY;
      const over = (): void => this.#advance(this.#open.values());
      this.#deadline = ends ? this.#host.clock.after(wait, over) : undefined;
      return;
    }
    for (const readThrough of some) this.#consider(readThrough);
  }

  /** Gives the free places to those who have waited longest. A request may end while it begins, and call again. */
  #fill(): void {
    if (this.#filling || this.#wait > 0) return;
    this.#filling = true;
    for (const readThrough of this.#open.values()) {
      if (this.#reading.full) break;
      this.#consider(readThrough);
    }
    this.#filling = false;
  }

  /** Where others wait for a place, a request that brings nothing more gives it up, and is made again when it is its turn. */
  #restSilent(now: number): void {
    const { resumeWaitMs } = this.#host.options;
    const own = this.#reading.full ? this.#open.size - this.#reading.size : 0;
    const waiting = Math.max(own, this.#reading.awaited);
    if (waiting === 0) return;
    const silent = [...this.#reading].filter(({ heardAt }) => now - heardAt >= resumeWaitMs);
    silent.sort((a, b) => a.heardAt - b.heardAt);
    for (const readThrough of silent.slice(0, waiting)) readThrough.rest();
  }

  /** Asks for it if there is a place and somebody still wants it; what can't be asked for is lost. */
  #consider(readThrough: ReadThrough): void {
    if (!readThrough.open || readThrough.fanOut.size === 0 || this.#reading.has(readThrough)) return;
    // Who asked for nothing waited for a replay to pass, and begins with what is live.
    if (readThrough.from.length === 0) {
      readThrough.goOnAt(this.#host.tipSeq());
      return;
    }
    readThrough.look();
    if (!readThrough.open) return;
    const source = this.#host.backfill();
    if (source === undefined) readThrough.lose();
    else if (this.#reading.take(readThrough)) readThrough.ask(source);
  }

  /**
   * Whether an id is one of the upstream's, which may arrive or be asked for, or holds one. What follows that may repeat
   * what the client has: where it would have to be told, and is to be rejected instead, there is no hope.
   */
  #upstreams(id: Uint8Array): boolean {
    const { ids, onGap } = this.#host.options;
    const named = ids === 'gateway' ? undefined : this.#host.upstreamIdOf(id);
    return named === id || (named !== undefined && onGap !== 'reject');
  }
}

/** Before the key of those that are told of repeats: no id has a line end in it. */
const TOLD = '\n';

function keyOf(from: Uint8Array, repeats: boolean): string {
  const id = Buffer.from(from.buffer, from.byteOffset, from.length).toString('latin1');
  return repeats ? TOLD + id : id;
}
