/**
 * Everyone who reads one log. One flush per turn however many events were committed in it; a pass over many subscribers
 * is cut into slices of time so that accepts, timers and health stay responsive. It refuses to know what is sent, and
 * keeps no bytes.
 *
 * The books (DESIGN §6.4): `offered` moves at join and at commit, `out` when a write is confirmed, `dropped` at skip and
 * leave; `pending` is counted anew from the subscribers. Four places, so that they can disagree.
 */
import type { Clock, Timer } from '../clock.js';
import type { CloseReason, DropReason } from '../errors.js';
import type { GapReason } from '../gap.js';
import { Cursor } from '../log/cursor.js';
import type { EventLog } from '../log/event-log.js';
import type { ChannelMetrics } from '../metrics/channel-metrics.js';
import type { Sink } from '../sink.js';
import type { LagPolicy } from './lag-policy.js';
import { type OnGap, Subscriber, type SubscriberHost } from './subscriber.js';

/** Longest time one pass may hold the event loop, ms, looked at every so many subscribers. */
const PASS_MS = 4;
const PASS_STRIDE = 64;

export interface FanOutOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly metrics: ChannelMetrics;
  readonly policy: LagPolicy;
  readonly sliceBytes: number;
  readonly heartbeatMs: number;
  /** What becomes of a client whose history breaks in mid-stream. */
  readonly onGap: OnGap;
  /** Ids for gaps, by the channel's mode. */
  readonly idBefore: (seq: number) => string | null;
  readonly gapId: (seq: number) => string | undefined;
  /** What a stream that has lasted long enough ends with. */
  readonly farewell: () => Buffer;
  /** A pass is over: what was made to be shared in it is no longer. */
  readonly onFlushed?: () => void;
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
  readonly #subscribers: Subscriber[] = [];
  readonly #places = new Map<Subscriber, number>();
  #scheduled: Timer | undefined;
  /** Subscribers below this index are still to be pumped in this pass; Infinity while it has not begun. */
  #left = Number.POSITIVE_INFINITY;
  #again = false;
  /** From here on the log holds what the pass under way is to flush, and what came since; Infinity: nothing. */
  #heldSeq = Number.POSITIVE_INFINITY;
  #tipAtPass = 0;
  #committedAt = Number.NaN;
  #sample = 0;

  constructor(options: FanOutOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.policy = options.policy;
    this.onGap = options.onGap;
    this.sliceBytes = options.sliceBytes;
    this.turnNow = options.clock.now();
  }

  get size(): number {
    return this.#subscribers.length;
  }

  /** Everyone, for snapshots; not to be kept. */
  get subscribers(): readonly Subscriber[] {
    return this.#subscribers;
  }

  /** Starts a subscriber at `position`; `first` are the bytes its stream begins with. */
  join(sink: Sink, position: number, expiresAt: number, first: Buffer): Subscriber {
    this.turnNow = this.#clock.now();
    const { log, metrics } = this.#options;
    const subscriber = new Subscriber(this, sink, new Cursor(log, position), expiresAt);
    this.#add(subscriber);
    metrics.eventsOffered += subscriber.cursor.pending;
    subscriber.begin(first);
    return subscriber;
  }

  /**
   * Takes over a subscriber that has read all of another log; it goes on at `position` of this one.
   * @param told the gap between the two, if there is one
   */
  adopt(subscriber: Subscriber, from: FanOut, position: number, told?: Buffer): void {
    from.#remove(subscriber);
    this.turnNow = this.#clock.now();
    const { log, metrics } = this.#options;
    subscriber.move(this, new Cursor(log, position), told);
    this.#add(subscriber);
    metrics.eventsOffered += subscriber.cursor.pending;
    subscriber.pump();
  }

  /** `events` were committed: offers them to everyone and sees to it that they are flushed once this turn is over. */
  committed(events: number): void {
    this.#options.metrics.eventsOffered += events * this.#subscribers.length;
    this.#committedAt = this.#clock.now();
    // A burst in one turn may be more than is retained: it stays until everyone had a look at it.
    if (this.#heldSeq === Number.POSITIVE_INFINITY) this.#hold(this.#options.log.tipSeq - events);
    this.#schedule();
  }

  /** Asks everyone to look at its cursor, at the end of this turn. */
  wake(): void {
    this.#schedule();
  }

  /** The heartbeat tick: lag, stalls, ages and heartbeats of everyone, and the holders of memory over the budget. */
  tick(now: number): void {
    this.turnNow = now;
    for (let i = this.#subscribers.length - 1; i >= 0; i -= 1) {
      this.#subscribers[i]?.tick(now, this.#options.heartbeatMs);
    }
  }

  /**
   * Closes as `stalled` those who hold the oldest trimmed slab by the oldest write under way, and so on until `enough`
   * says so. A socket lets go of its bytes only after its close: then the rest is for the next look.
   */
  evictHolders(enough: () => boolean): void {
    const { log } = this.#options;
    for (let slab = log.oldestPinnedPosition(); slab >= 0 && !enough(); ) {
      let oldest = log.floor;
      for (const { pinnedFrom } of this.#subscribers) {
        if (pinnedFrom >= slab && pinnedFrom < oldest) oldest = pinnedFrom;
      }
      const holders = this.#subscribers.filter(({ pinnedFrom }) => pinnedFrom === oldest);
      if (oldest === log.floor || holders.length === 0) return;
      for (const holder of holders) holder.destroy('stalled');
      const next = log.oldestPinnedPosition();
      if (next === slab) return;
      slab = next;
    }
  }

  /** Ends everyone politely. */
  end(reason: CloseReason, last?: Buffer): void {
    this.turnNow = this.#clock.now();
    for (const subscriber of [...this.#subscribers]) subscriber.end(reason, last);
  }

  /** Closes everyone at once. */
  destroy(reason: CloseReason): void {
    for (const subscriber of [...this.#subscribers]) subscriber.destroy(reason);
    this.#scheduled?.cancel();
    this.#scheduled = undefined;
    this.#options.onFlushed?.();
    this.#hold(Number.POSITIVE_INFINITY);
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
    metrics.eventsOut += events;
    metrics.bytesOut += bytes;
    const committedAt = subscriber.takeSample();
    if (committedAt !== undefined) metrics.delivery.observe((this.#clock.now() - committedAt) / 1_000);
  }

  dropped(reason: DropReason, events: number): void {
    if (events > 0) this.#options.metrics.eventsDropped.add(reason, events);
  }

  gap(reason: GapReason): void {
    this.#options.metrics.gaps.add(reason, 1);
  }

  left(subscriber: Subscriber, reason: CloseReason): void {
    if (!this.#remove(subscriber)) return;
    this.dropped(reason, subscriber.cursor.pending);
    this.#options.metrics.clientDisconnects.add(reason, 1);
    this.#options.onLeave(subscriber, reason);
  }

  atTip(subscriber: Subscriber): void {
    this.#options.onTip?.(subscriber);
  }

  #add(subscriber: Subscriber): void {
    this.#places.set(subscriber, this.#subscribers.length);
    this.#subscribers.push(subscriber);
  }

  /** The last takes the place of the one that goes. False: it is not here. */
  #remove(subscriber: Subscriber): boolean {
    const place = this.#places.get(subscriber);
    if (place === undefined) return false;
    this.#places.delete(subscriber);
    const last = this.#subscribers.pop()!;
    if (last !== subscriber) {
      this.#subscribers[place] = last;
      this.#places.set(last, place);
    }
    return true;
  }

  #schedule(): void {
    if (this.#scheduled !== undefined) {
      this.#again ||= this.#left !== Number.POSITIVE_INFINITY;
      return;
    }
    this.#left = Number.POSITIVE_INFINITY;
    this.#scheduled = this.#clock.turn(this.#pass);
  }

  /**
   * Goes from the last subscriber to the first: one that leaves is replaced by the last, which this pass has seen, so
   * that nobody is passed over.
   */
  readonly #pass = (): void => {
    const started = this.#clock.now();
    this.turnNow = started;
    this.#timeOne();
    if (this.#left === Number.POSITIVE_INFINITY) this.#tipAtPass = this.#options.log.tipSeq;
    let i = Math.min(this.#left, this.#subscribers.length);
    // From here on a commit is for the next pass: some have been passed already.
    this.#left = i;
    while (i > 0) {
      i -= 1;
      this.#subscribers[i]?.pump();
      if (i % PASS_STRIDE === 0 && i > 0 && this.#clock.now() - started > PASS_MS) {
        this.#left = i;
        this.#scheduled = this.#clock.turn(this.#pass);
        return;
      }
    }
    this.#scheduled = undefined;
    this.#hold(this.#again ? this.#tipAtPass : Number.POSITIVE_INFINITY);
    if (this.#again) {
      this.#again = false;
      this.#schedule();
    }
  };

  #hold(seq: number): void {
    this.#heldSeq = seq;
    this.#options.log.hold(seq, this.#clock.now());
  }

  /** One delivery per pass is timed, in turn: a clock reading per delivery would cost a tenth of the delivery. */
  #timeOne(): void {
    if (this.#subscribers.length === 0) return;
    this.#sample = (this.#sample + 1) % this.#subscribers.length;
    this.#subscribers[this.#sample]!.sample(this.#committedAt);
  }
}
