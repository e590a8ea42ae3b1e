/**
 * Everyone who is served by a channel: those who read its log, and those who read on their own until they meet it. It
 * decides where a client begins and goes on, and refuses to know the upstream beyond what continuity says of it.
 */
import type { Clock, Random } from './clock.js';
import type { Continuity } from './continuity.js';
import { ChunkFramer } from './downstream/chunk-framer.js';
import { FanOut } from './downstream/fan-out.js';
import { type HttpResponse, httpSink } from './downstream/http-sink.js';
import type { ReplayLine } from './downstream/replay-line.js';
import type { Subscriber } from './downstream/subscriber.js';
import type { CloseReason } from './errors.js';
import type { GapReason } from './gap.js';
import { gapId, idBefore } from './gap-ids.js';
import type { LogBudget } from './log/budget.js';
import type { EventLog } from './log/event-log.js';
import type { SlabPool } from './log/pool.js';
import type { ChannelMetrics } from './metrics/channel-metrics.js';
import { gapAt, opening, openingOfWaiting } from './opening.js';
import type { ResolvedChannelOptions } from './options.js';
import type { ReadThrough } from './read-through.js';
import { ReadThroughs } from './read-throughs.js';
import type { ReplayAllowance } from './replay-allowance.js';
import {
  behind,
  brokenAt,
  fresh,
  type Located,
  locate,
  lostAt,
  type Resume,
  repeatedBehind,
  upstreamIdOf,
} from './resume.js';
import type { Sink } from './sink.js';
import type { SourceFactory } from './source.js';
import { retryField } from './sse/control.js';

export interface SubscribersOptions {
  readonly log: EventLog;
  readonly continuity: Continuity;
  readonly options: ResolvedChannelOptions;
  readonly metrics: ChannelMetrics;
  /** Counts and traces a gap. */
  readonly gap: (reason: GapReason) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly pool: SlabPool;
  readonly budget: LogBudget;
  /** Slices go past the streams of sockets. */
  readonly directWrites: boolean;
  /** Until when (ms) an id that the log doesn't know may still arrive by itself. */
  readonly coldUntil: () => number;
  readonly backfill: SourceFactory | undefined;
  readonly nextEpoch: () => number;
  readonly allowance: ReplayAllowance;
  readonly line: ReplayLine;
}

/** The id of a client that has none. */
const NOTHING = new Uint8Array(0);

export class Subscribers {
  readonly #parts: SubscribersOptions;
  readonly #fanOut: FanOut;
  readonly #readThroughs: ReadThroughs;
  readonly #framer: ChunkFramer;
  #closed: CloseReason | undefined;

  constructor(parts: SubscribersOptions) {
    this.#parts = parts;
    const { log, continuity, options, backfill } = parts;
    this.#framer = new ChunkFramer(parts.pool);
    this.#fanOut = this.#fanOutOf(log);
    this.#readThroughs = new ReadThroughs({
      ...parts,
      replayBytes: options.replayBytes,
      fanOut: (other, onTip) => this.#fanOutOf(other, onTip),
      upstreamIdOf: (id) => upstreamIdOf(log, id, options.ids),
      behind: (id) => behind(log, id, continuity.anchor),
      holds: (id, frame) => {
        const seq = log.indexOf(id);
        return seq >= 0 && log.frameOf(seq)!.equals(frame) ? seq : -1;
      },
      tipSeq: () => log.tipSeq,
      lasts: (seq) => this.#lasts(seq),
      backfill: () => (options.ids !== 'gateway' && continuity.replays ? backfill : undefined),
      again: (readThrough) => this.#readThroughs.again(readThrough),
      settled: (readThrough) => this.#readThroughs.settled(readThrough),
      goOn: (subscriber, from, seq) => this.#goOn(subscriber, from, seq),
    });
  }

  get size(): number {
    return this.#fanOut.size + this.#readThroughs.size;
  }

  *[Symbol.iterator](): IterableIterator<Subscriber> {
    yield* this.#fanOut.subscribers;
    yield* this.#readThroughs.subscribers();
  }

  /** Where a client with this Last-Event-ID goes on; counts nothing. */
  locate(lastEventId: Uint8Array): Resume {
    const { log, continuity, options } = this.#parts;
    const resume = locate(log, lastEventId, continuity.anchor, options.ids);
    if (resume.outcome === 'exact' && options.onGap === 'reject' && log.newestTagged >= resume.seq)
      return brokenAt(resume.seq);
    if (resume.outcome !== 'gap' || resume.reason === 'trimmed' || resume.lost !== null) return resume;
    return this.#readThroughs.hopeFor(lastEventId) ? { outcome: 'pending' } : resume;
  }

  /** Where a client without one begins that asked when the tip was at `askedAt`, and perhaps waited for the head since. */
  fresh(askedAt: number): Resume {
    return fresh(this.#parts.log, askedAt);
  }

  /**
   * Begins a client's stream on a response whose head is out.
   * @param leaves the stream leaves its HTTP connection, as its head has said
   * @param left called once, with the reason, when the client is gone
   */
  join(
    response: HttpResponse,
    resume: Resume,
    lastEventId: Uint8Array | undefined,
    leaves: boolean,
    left: (reason: CloseReason) => void,
  ): Subscriber {
    const { keepAliveMs } = this.#parts.options;
    const sink = httpSink(response, this.#framer, { leaves, direct: this.#parts.directWrites, keepAliveMs });
    return this.enter(sink, resume, lastEventId, left);
  }

  /** The same for any sink. */
  enter(
    sink: Sink,
    resume: Resume,
    lastEventId: Uint8Array | undefined,
    left: (reason: CloseReason) => void,
  ): Subscriber {
    const { clock, random, options } = this.#parts;
    const { maxAgeMs } = options;
    const expiresAt =
      maxAgeMs === 0 ? Number.POSITIVE_INFINITY : clock.now() + maxAgeMs * (0.8 + 0.2 * random());
    const waitsFor = resume.outcome === 'pending' ? lastEventId! : NOTHING;
    const waits = resume.outcome === 'pending' || (resume.outcome === 'fresh' && this.#replaying);
    const subscriber = waits
      ? this.#readThroughs.join(waitsFor, sink, expiresAt, this.#firstOfWaiting(waitsFor))
      : this.#begin(resume as Located, sink, expiresAt, lastEventId);
    subscriber.onLeft = left;
    if (this.#closed !== undefined) this.destroy(this.#closed);
    return subscriber;
  }

  /** The first bytes for one whose place is not known yet; whether what follows may repeat what it has is. */
  #firstOfWaiting(id: Uint8Array): Buffer {
    const { log, options, gap } = this.#parts;
    const repeated = repeatedBehind(log, id, options.ids);
    if (repeated !== undefined) gap('epoch');
    return openingOfWaiting(options.onGap, repeated, this.retryMs());
  }

  /** What the upstream sends now may be history that it replays for a client's id, and is nobody else's news. */
  get #replaying(): boolean {
    const { continuity, coldUntil, clock } = this.#parts;
    return continuity.beginsBehindSeed && coldUntil() > clock.now();
  }

  /** A reconnection time for one client, ms: random, so that clients that left together do not come back together. */
  retryMs(): number {
    const { retryMinMs, retryMaxMs } = this.#parts.options;
    return Math.round(retryMinMs + (retryMaxMs - retryMinMs) * this.#parts.random());
  }

  /** So many events were committed to the log. */
  committed(events: number): void {
    const { log } = this.#parts;
    this.#fanOut.committed(events);
    this.#readThroughs.committed(log, log.tipSeq - events, log.tipSeq);
  }

  /** The upstream answered. */
  opened(): void {
    this.#readThroughs.opened();
  }

  /** Heartbeats, stalls and ages; lags; and the holders of slabs while they hold too much. */
  tick(now: number, sleptMs = 0): void {
    const { log, options, metrics } = this.#parts;
    this.#framer.forget();
    this.#fanOut.tick(now, sleptMs);
    this.#readThroughs.tick(now, sleptMs);
    for (const { cursor } of this) metrics.lag.observe(cursor.lag);
    // What only slow clients keep may be no more than history itself.
    this.evictHolders(log.pinnedBytes - options.retainBytes);
  }

  /** Closes holders of the log's oldest trimmed slabs; returns how many bytes that frees, now or soon. */
  evictHolders(bytes: number): number {
    return this.#fanOut.evictHolders(bytes);
  }

  /** The same for what is read for a few of them alone. */
  evictPrivate(bytes: number): number {
    return this.#readThroughs.evictHolders(bytes);
  }

  /** Ends everyone politely. */
  end(reason: CloseReason, last?: Buffer): void {
    this.#fanOut.end(reason, last);
    this.#readThroughs.end(reason, last);
  }

  /** Closes everyone at once, and whoever comes later. */
  destroy(reason: CloseReason): void {
    this.#closed = reason;
    this.#fanOut.destroy(reason);
    this.#readThroughs.close(reason);
  }

  #begin(resume: Located, sink: Sink, expiresAt: number, lastEventId: Uint8Array | undefined): Subscriber {
    const { log, options, metrics, gap } = this.#parts;
    metrics.resumes.add(resume.outcome);
    if (resume.outcome === 'gap') gap(resume.reason);
    const first = opening(log, options, resume, lastEventId, this.retryMs());
    return this.#fanOut.join(sink, log.positionOf(resume.seq), expiresAt, first);
  }

  #fanOutOf(log: EventLog, onTip?: (subscriber: Subscriber) => void): FanOut {
    const { options, clock, line, metrics, gap } = this.#parts;
    return new FanOut({
      log,
      clock,
      line,
      metrics,
      gap,
      policy: options,
      sliceBytes: options.sliceBytes,
      coalesceMs: options.coalesceMs,
      heartbeatMs: options.heartbeatMs,
      onGap: options.onGap,
      idBefore: (seq) => idBefore(log, options.ids, seq),
      gapId: (seq) => gapId(log, options.ids, seq),
      farewell: () => retryField(this.retryMs()),
      framer: this.#framer,
      onTip,
      onLeave: (subscriber, reason) => subscriber.onLeft?.(reason),
    });
  }

  /** A subscriber has read what was read for it alone, and goes on in the log: at `seq`, or with a gap at the floor. */
  #goOn(subscriber: Subscriber, from: ReadThrough, seq: number | undefined): void {
    const { log, options, metrics, gap } = this.#parts;
    if (seq !== undefined && seq >= log.floorSeq) {
      metrics.resumes.add(from.from.length === 0 ? 'fresh' : from.repeats ? 'gap' : 'exact');
      this.#fanOut.adopt(subscriber, from.fanOut, log.positionOf(seq));
      return;
    }
    const resume = lostAt(log, from.needs, seq);
    metrics.resumes.add('gap');
    gap(resume.reason);
    // Who is rejected gets nothing from behind the hole that it isn't told of.
    if (options.onGap === 'reject') {
      subscriber.stop('gap-rejected');
      return;
    }
    const told = options.onGap === 'signal' ? gapAt(log, options.ids, resume, from.needs) : undefined;
    this.#fanOut.adopt(subscriber, from.fanOut, log.floor, told);
  }

  /** It is the newest event, or no more than half of what retention allows is behind it: the other half is time left. */
  #lasts(seq: number): boolean {
    const { log, clock } = this.#parts;
    const { retainEvents, retainBytes, retainAgeMs } = this.#parts.options;
    if (seq >= log.tipSeq - 1) return true;
    const events = log.tipSeq - seq;
    const bytes = log.tip - log.positionOf(seq);
    const ageMs = clock.now() - log.timeOf(seq);
    return 2 * events <= retainEvents && 2 * bytes <= retainBytes && 2 * ageMs <= retainAgeMs;
  }
}
