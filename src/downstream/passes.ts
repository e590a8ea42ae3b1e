/**
 * When everyone looks at the log: one pass per turn however many events were committed in it, later where they are to be
 * coalesced. A pass over many is cut into slices of time, so that accepts, timers and health stay responsive. It refuses
 * to know what is sent, and who comes and goes.
 */
import type { Clock, Timer } from '../clock.js';
import type { EventLog } from '../log/event-log.js';
import { Coalescing } from './coalescing.js';
import type { Subscriber } from './subscriber.js';

/** Longest time one pass may hold the event loop, ms, looked at every so many subscribers. */
const PASS_MS = 4;
const PASS_STRIDE = 64;

export interface PassesOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  /** The longest an event waits for more, ms. */
  readonly coalesceMs: number;
  /** Those who are pumped; one that leaves is replaced by the last. */
  readonly subscribers: readonly Subscriber[];
  /** A pass, or a slice of one, begins. */
  readonly begins: (now: number) => void;
  /** A pass is over. */
  readonly over: () => void;
}

export class Passes {
  readonly #options: PassesOptions;
  readonly #coalescing: Coalescing;
  #scheduled: Timer | undefined;
  /** Subscribers below this index are still to be pumped in this pass; Infinity while it has not begun. */
  #left = Number.POSITIVE_INFINITY;
  #again = false;
  /** From here on the log holds what the pass under way is to flush, and what came since; Infinity: nothing. */
  #heldSeq = Number.POSITIVE_INFINITY;
  #tipAtPass = 0;

  constructor(options: PassesOptions) {
    this.#options = options;
    this.#coalescing = new Coalescing(options.coalesceMs);
  }

  /** So many events were committed at `now`: a pass is due, and the log keeps them until everyone had a look. */
  committed(events: number, now: number): void {
    if (this.#heldSeq === Number.POSITIVE_INFINITY) this.#hold(this.#options.log.tipSeq - events, now);
    this.#schedule(this.#coalescing.waitMs(now));
  }

  /** A pass is due at the end of this turn. */
  wake(): void {
    this.#schedule(0);
  }

  /** No pass any more: everyone is gone. */
  stop(): void {
    this.#scheduled?.cancel();
    this.#scheduled = undefined;
    this.#options.over();
    this.#hold(Number.POSITIVE_INFINITY, this.#options.clock.now());
  }

  #schedule(waitMs: number): void {
    if (this.#scheduled !== undefined) {
      this.#again ||= this.#left !== Number.POSITIVE_INFINITY;
      return;
    }
    const { clock } = this.#options;
    this.#left = Number.POSITIVE_INFINITY;
    this.#scheduled = waitMs > 0 ? clock.after(waitMs, this.#pass) : clock.turn(this.#pass);
  }

  /**
   * Goes from the last subscriber to the first: one that leaves is replaced by the last, which this pass has seen, so
   * that nobody is passed over.
   */
  readonly #pass = (): void => {
    const { clock, log, subscribers, begins, over } = this.#options;
    const started = clock.now();
    if (this.#left === Number.POSITIVE_INFINITY) {
      this.#tipAtPass = log.tipSeq;
      this.#coalescing.flushed(started);
    }
    begins(started);
    let i = Math.min(this.#left, subscribers.length);
    // From here on a commit is for the next pass: some have been passed already.
    this.#left = i;
    while (i > 0) {
      i -= 1;
      subscribers[i]?.pump();
      if (i % PASS_STRIDE === 0 && i > 0 && clock.now() - started > PASS_MS) {
        this.#left = i;
        this.#scheduled = clock.turn(this.#pass);
        return;
      }
    }
    this.#scheduled = undefined;
    over();
    this.#hold(this.#again ? this.#tipAtPass : Number.POSITIVE_INFINITY, clock.now());
    if (this.#again) {
      this.#again = false;
      this.#schedule(this.#coalescing.waitMs(clock.now()));
    }
  };

  #hold(seq: number, now: number): void {
    this.#heldSeq = seq;
    this.#options.log.hold(seq, now);
  }
}
