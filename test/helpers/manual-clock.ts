/**
 * A clock whose hands a test turns, and randomness that repeats: the injected ports of `src/clock.ts` without real time.
 * It refuses to move by itself: nothing fires except inside `advance` and `runTurns`.
 */
import type { Clock, Random, Timer } from '../../src/clock.js';

interface Pending {
  readonly at: number;
  readonly fn: () => void;
}

/** The clamp of the contract, spelled out again so that a wrong constant in the real clock is noticed. */
const LONGEST_MS = 2 ** 31 - 1;

/** How often something may fire without time moving on; beyond it a callback that always asks again would hang the test. */
const MAX_AT_ONCE = 100_000;

export class ManualClock implements Clock {
  #now: number;
  #wallOffset: number;
  /** In order of asking, which is the order among equal times. */
  readonly #timers = new Set<Pending>();
  readonly #turns = new Set<Pending>();

  /** `start`: what `now()` says first, in ms. `wallStart`: what `wallNow()` says first, in ms since the Unix epoch. */
  constructor(start = 1_000, wallStart = Date.UTC(2030, 0, 1)) {
    this.#now = start;
    this.#wallOffset = wallStart - start;
  }

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#now + this.#wallOffset;
  }

  /** Timers that have not fired and were not cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Turn callbacks that have not run and were not cancelled. */
  get pendingTurns(): number {
    return this.#turns.size;
  }

  /** Monotonic ms at which the next timer is due, undefined without one. */
  get nextAt(): number | undefined {
    return this.#earliest()?.at;
  }

  after(ms: number, fn: () => void): Timer {
    // NaN fires at once, as it does with Node's timers; NaN as a due time would never be reached.
    const delay = Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), LONGEST_MS);
    return enlist(this.#timers, { at: this.#now + delay, fn });
  }

  turn(fn: () => void): Timer {
    return enlist(this.#turns, { at: this.#now, fn });
  }

  /**
   * Moves `now()` on by `ms`, firing what falls due on the way in time order, each timer at its own time, including
   * those asked for on the way. Turns run first, and after each timer.
   */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`a monotonic clock cannot advance by ${ms}`);
    const end = this.#now + ms;
    let atOnce = 0;
    this.runTurns();
    for (let next = this.#earliest(); next !== undefined && next.at <= end; next = this.#earliest()) {
      this.#timers.delete(next);
      atOnce = next.at > this.#now ? 0 : atOnce + 1;
      if (atOnce > MAX_AT_ONCE) throw new Error(`${MAX_AT_ONCE} timers fired at ${this.#now} ms`);
      this.#now = Math.max(this.#now, next.at);
      next.fn();
      this.runTurns();
    }
    this.#now = Math.max(this.#now, end);
  }

  /** Moves `now()` on by `ms` and fires nothing, as when the process is stopped: what falls due is late. */
  sleep(ms: number): void {
    this.#now += ms;
  }

  /** Runs turn callbacks, first asked first, until none is left. */
  runTurns(): void {
    let ran = 0;
    for (const turn of this.#turns) {
      this.#turns.delete(turn);
      if (++ran > MAX_AT_ONCE) throw new Error(`${MAX_AT_ONCE} turns ran and each asked for another one`);
      turn.fn();
    }
  }

  /** The wall clock is set forward or back by `ms`; monotonic time doesn't notice. */
  setWallBy(ms: number): void {
    this.#wallOffset += ms;
  }

  #earliest(): Pending | undefined {
    let earliest: Pending | undefined;
    for (const timer of this.#timers) if (earliest === undefined || timer.at < earliest.at) earliest = timer;
    return earliest;
  }
}

function enlist(list: Set<Pending>, pending: Pending): Timer {
  list.add(pending);
  return {
    cancel() {
      list.delete(pending);
    },
  };
}

/**
 * Randomness in [0, 1) that repeats for the same `seed` (32 bits of it count): a Weyl sequence (as in
 * mulberry32) through a multiply-and-shift mixer with the constants that hash-prospector lists for lowbias32.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    mixed ^= mixed >>> 15;
    return (mixed >>> 0) / 2 ** 32;
  };
}
