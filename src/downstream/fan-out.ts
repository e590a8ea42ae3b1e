/**
 * Everyone who reads one log, and their books. When they look at it is the business of `passes.ts`, where they stand that of
 * `front.ts`. It
 * refuses to know what is sent, and keeps no bytes.
 *
 * The books: `offered` moves at join and at commit, `out` when a live socket has taken a write, `dropped` at skip and
 * leave; `pending` is counted anew from the subscribers. Four places, so that they can disagree.
 */
import type { Clock } from '../clock.js';
import type { CloseReason, DropReason } from '../errors.js';
import type { GapReason } from '../gap.js';
import { TAG } from '../ingest.js';
import { Cursor } from '../log/cursor.js';
import type { EventLog } from '../log/event-log.js';
import type { ChannelMetrics } from '../metrics/channel-metrics.js';
import type { Sink } from '../sink.js';
import type { ChunkFramer } from './chunk-framer.js';
import { Front } from './front.js';
import type { LagPolicy } from './lag-policy.js';
import { PASS_STRIDE, Passes } from './passes.js';
import type { ReplayLine } from './replay-line.js';
import { Subscriber } from './subscriber.js';
import type { OnGap, SubscriberHost } from './subscriber-host.js';

export interface FanOutOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  /** Where those wait who are far behind. */
  readonly line: ReplayLine;
  readonly metrics: ChannelMetrics;
  /** Counts and traces a gap. */
  readonly gap: (reason: GapReason) => void;
  readonly policy: LagPolicy;
  readonly sliceBytes: number;
  /** The longest an event of a busy stream waits for more, ms; 0: until the end of the turn. */
  readonly coalesceMs: number;
  readonly heartbeatMs: number;
  /** Subscribers that a pass serves between two looks at the clock. Default `PASS_STRIDE`. */
  readonly passStride?: number;
  /** What becomes of a client whose history breaks in mid-stream. */
  readonly onGap: OnGap;
  /** Ids for gaps, by the channel's mode. */
  readonly idBefore: (seq: number) => string | null;
  readonly gapId: (seq: number) => string | undefined;
  /** What a stream that has lasted long enough ends with. */
  readonly farewell: () => Buffer;
  /** Makes the chunks that clients share. */
  readonly framer: ChunkFramer;
  /** A subscriber has read all there is. */
  readonly onTip?: ((subscriber: Subscriber) => void) | undefined;
  /** A subscriber is gone; called after the books are right. */
  readonly onLeave: (subscriber: Subscriber, reason: CloseReason) => void;
}

export class FanOut implements SubscriberHost {
  readonly policy: LagPolicy;
  readonly onGap: OnGap;
  readonly sliceBytes: number;
  turnNow: number;
  readonly #options: FanOutOptions;
  readonly #clock: Clock;
  readonly #front: Front;
  readonly #passes: Passes;
  /** When the front was last written to. */
  frontWroteAt = Number.NEGATIVE_INFINITY;
  #committedAt = Number.NaN;
  #sample = 0;

  constructor(options: FanOutOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.policy = options.policy;
    this.onGap = options.onGap;
    this.sliceBytes = options.sliceBytes;
    this.turnNow = options.clock.now();
    const { log, clock, coalesceMs } = options;
    this.#front = new Front({
      ...options,
      breaks: (seq) => options.onGap === 'reject' && log.tagOf(seq) === TAG.GAP,
      taken: (events, bytes) => this.#taken(events, bytes),
    });
    this.#passes = new Passes({
      ...{ log, clock, coalesceMs, front: this.#front, stride: options.passStride ?? PASS_STRIDE },
      begins: (now, first) => this.#begins(now, first),
      // What was made to be shared in a pass is no longer.
      over: () => options.framer.forget(),
    });
  }

  get size(): number {
    return this.#front.subscribers.length;
  }

  /** Everyone, for snapshots; not to be kept. */
  get subscribers(): readonly Subscriber[] {
    return this.#front.subscribers;
  }

  /** Starts a subscriber at `position`; `first` are the bytes its stream begins with. */
  join(sink: Sink, position: number, expiresAt: number, first: Buffer): Subscriber {
    this.turnNow = this.#clock.now();
    const { log, metrics } = this.#options;
    const subscriber = new Subscriber(this, sink, new Cursor(log, position), expiresAt);
    this.#front.add(subscriber);
    metrics.eventsOffered += subscriber.cursor.pending;
    subscriber.begin(first);
    return subscriber;
  }

  /**
   * Takes over a subscriber that has read all of another log; it goes on at `position` of this one.
   * @param told the gap between the two, if there is one
   */
  adopt(subscriber: Subscriber, from: FanOut, position: number, told?: Buffer): void {
    from.#front.remove(subscriber);
    this.turnNow = this.#clock.now();
    const { log, metrics } = this.#options;
    subscriber.move(this, new Cursor(log, position), told);
    this.#front.add(subscriber);
    metrics.eventsOffered += subscriber.cursor.pending;
    subscriber.pump();
  }

  /** `events` were committed: offers them to everyone and sees to it that they are flushed once this turn is over. */
  committed(events: number): void {
    this.#options.metrics.eventsOffered += events * this.#front.subscribers.length;
    this.#committedAt = this.#clock.now();
    this.#passes.committed(events, this.#committedAt);
  }

  /** Asks everyone to look at its cursor, at the end of this turn. */
  wake(): void {
    this.#passes.wake();
  }

  /** The heartbeat tick: lag, stalls, ages and heartbeats of everyone. `sleptMs`: by how much it is late. */
  tick(now: number, sleptMs = 0): void {
    this.turnNow = now;
    for (let i = this.#front.subscribers.length - 1; i >= 0; i -= 1) {
      this.#front.subscribers[i]?.tick(now, this.#options.heartbeatMs, sleptMs);
    }
  }

  /**
   * Closes as `stalled` those whose writes under way hold the oldest trimmed slabs, until `bytes` of them are free or about
   * to be: a socket lets go of its bytes only after its close.
   * @returns the bytes of those slabs
   */
  evictHolders(bytes: number): number {
    let freed = 0;
    for (const { base, end, slabBytes } of this.#options.log.pinned) {
      if (freed >= bytes) break;
      freed += slabBytes;
      const holders = this.#front.subscribers.filter(
        ({ pinnedFrom }) => pinnedFrom >= base && pinnedFrom < end,
      );
      for (const holder of holders) holder.destroy('stalled');
    }
    return freed;
  }

  /** Ends everyone politely. */
  end(reason: CloseReason, last?: Buffer): void {
    this.turnNow = this.#clock.now();
    for (const subscriber of [...this.#front.subscribers]) subscriber.end(reason, last);
  }

  /** Closes everyone at once. */
  destroy(reason: CloseReason): void {
    for (const subscriber of [...this.#front.subscribers]) subscriber.destroy(reason);
    this.#passes.stop();
  }

  idBefore(seq: number): string | null {
    return this.#options.idBefore(seq);
  }

  farewell(): Buffer {
    return this.#options.farewell();
  }

  gapId(seq: number): string | undefined {
    return this.#options.gapId(seq);
  }

  delivered(subscriber: Subscriber, events: number, bytes: number): void {
    const { metrics } = this.#options;
    this.#taken(events, bytes);
    const committedAt = subscriber.takeSample();
    if (committedAt !== undefined) metrics.delivery.observe((this.#clock.now() - committedAt) / 1_000);
  }

  dropped(reason: DropReason, events: number): void {
    if (events > 0) this.#options.metrics.eventsDropped.add(reason, events);
  }

  gap(reason: GapReason): void {
    this.#options.gap(reason);
  }

  isLate(cursor: Cursor): boolean {
    return cursor.seq < this.#passes.heldSeq && cursor.lag > this.sliceBytes;
  }

  late(subscriber: Subscriber): void {
    this.#options.line.join(subscriber);
  }

  left(subscriber: Subscriber, reason: CloseReason): void {
    if (!this.#front.remove(subscriber)) return;
    this.#options.line.leave(subscriber);
    this.dropped(reason, subscriber.cursor.pending);
    this.#options.metrics.clientDisconnects.add(reason, 1);
    this.#options.onLeave(subscriber, reason);
  }

  atTip(subscriber: Subscriber): void {
    this.#options.onTip?.(subscriber);
  }

  cursorOf(subscriber: Subscriber): Cursor {
    return this.#front.cursorOf(subscriber);
  }

  admit(subscriber: Subscriber, cursor: Cursor, sink: Sink): boolean {
    // Whoever reads a log of their own leaves it at the tip.
    return this.#options.onTip === undefined && this.#front.admit(subscriber, cursor, sink);
  }

  release(subscriber: Subscriber): Cursor {
    return this.#front.release(subscriber);
  }

  #begins(now: number, first: boolean): void {
    this.turnNow = now;
    this.#timeOne();
    if (first && this.#front.begin()) this.frontWroteAt = now;
  }

  #taken(events: number, bytes: number): void {
    const { metrics } = this.#options;
    metrics.eventsOut += events;
    metrics.bytesOut += bytes;
  }

  /** One delivery per pass is timed, in turn: a clock reading per delivery would cost a tenth of the delivery. */
  #timeOne(): void {
    if (this.#front.subscribers.length === 0) return;
    this.#sample = (this.#sample + 1) % this.#front.subscribers.length;
    this.#front.subscribers[this.#sample]!.sample(this.#committedAt);
  }
}
