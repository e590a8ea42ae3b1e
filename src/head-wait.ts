/**
 * Those who wait for the outcome of the connection attempt under way, each for a while at most. It refuses to know what
 * an outcome is.
 */
import type { Clock } from './clock.js';

export class HeadWait {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves at the next `over`, or after `ms`. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        timer.cancel();
        this.#waiting.delete(settle);
        resolve();
      };
      const timer = this.#clock.after(ms, settle);
      this.#waiting.add(settle);
    });
  }

  /** Lets everyone go on. */
  over(): void {
    for (const settle of [...this.#waiting]) settle();
  }
}
