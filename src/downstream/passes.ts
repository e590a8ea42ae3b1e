/**
 * When everyone looks at the log: one pass per turn however many events were committed in it, later where they are to be
 * coalesced. A pass over many is cut into slices of time, so that accepts, timers and health stay responsive. It refuses
 * to know what is sent, and who comes and goes.
 */
import type { Clock, Timer } from '../clock.js';
import type { EventLog } from '../log/event-log.js';
import { Coalescing } from './coalescing.js';
import type { Front } from './front.js';

/** Longest time one pass may hold the event loop, ms. */
const PASS_MS = 4;
/** So many subscribers are served between two looks at the clock. */
export const PASS_STRIDE = 64;

export interface PassesOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  /** The longest an event waits for more, ms. */
  readonly coalesceMs: number;
  /** As `PASS_STRIDE`. */
  readonly stride: number;
  /** Those who are written to or pumped. */
  readonly front: Front;
  /** A pass begins (`first`), or goes on. */
  readonly begins: (now: number, first: boolean) => void;
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

  /** Seq of the first event that is being flushed: who has read up to it is live. Infinity: nothing is. */
  get heldSeq(): number {
    return this.#heldSeq;
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
    this.#options.front.end();
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
    const { clock, log, front, stride, begins, over } = this.#options;
    const { subscribers } = front;
    const started = clock.now();
    const first = this.#left === Number.POSITIVE_INFINITY;
    if (first) {
      this.#tipAtPass = log.tipSeq;
      this.#coalescing.flushed(started);
    }
    begins(started, first);
    let i = Math.min(this.#left, subscribers.length);
    // From here on a commit is for the next pass: some have been passed already.
    this.#left = i;
    while (i > 0) {
      i -= 1;
      if (!front.write(i)) {
        front.reached(i);
        subscribers[i]?.pump();
      }
      if (i % stride === 0 && i > 0 && clock.now() - started > PASS_MS) {
        front.reached(i);
        this.#left = i;
        this.#scheduled = clock.turn(this.#pass);
        return;
      }
    }
    front.end();
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
