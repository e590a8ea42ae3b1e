/**
 * Notices that nothing happened for too long. One at a time: a new `watch` replaces the former.
 * It refuses to know what it guards, and to touch a timer per chunk: `touch` stores a time, and a timer that fires too
 * early re-arms itself for the remainder. A timer that fires may be late, because our own loop slept: it judges only behind
 * a look at what has arrived.
 */
import type { Clock, Timer } from '../clock.js';

export class Watchdog {
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #touchedAt = 0;
  #limitMs = 0;
  #expired: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `expired` once when `limitMs` have passed without a `touch`, counted from now. */
  watch(limitMs: number, expired: () => void): void {
    this.stop();
    this.#limitMs = limitMs;
    this.#expired = expired;
    this.touch();
    this.#arm(limitMs);
  }

  /** Something happened. */
  touch(): void {
    this.#touchedAt = this.#clock.now();
  }

  /** Nothing is watched any more; idempotent. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#expired = undefined;
  }

  #arm(ms: number): void {
    this.#timer = this.#clock.after(ms, () => {
      // Where the process slept, what came meanwhile waits in the socket: it is read before this turn is over.
      if (this.#left > 0) this.#arm(this.#left);
      else this.#timer = this.#clock.turn(() => this.#judge());
    });
  }

  #judge(): void {
    const left = this.#left;
    if (left > 0) {
      this.#arm(left);
      return;
    }
    const expired = this.#expired;
    this.stop();
    expired?.();
  }

  get #left(): number {
    return this.#touchedAt + this.#limitMs - this.#clock.now();
  }
}
