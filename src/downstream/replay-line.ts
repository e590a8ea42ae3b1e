/**
 * Those who are far behind, of all channels: they read a little each, one after the other, for so long per turn and no
 * longer, so that a thousand clients who resume at once leave the turn to those who are served live. It refuses to know
 * who is far behind.
 */
import type { Clock, Timer } from '../clock.js';

/** Longest time that all of them together may hold the event loop per turn, ms: half of what a live pass may. */
const TURN_MS = 2;

/** Someone who is far behind. */
export interface Late {
  /** Its turn: it reads a little, and gets in line again if that was not enough. */
  catchUp(): void;
}

export class ReplayLine {
  readonly #clock: Clock;
  readonly #line = new Set<Late>();
  #due: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get length(): number {
    return this.#line.size;
  }

  /** Gets in line, at the end. */
  join(late: Late): void {
    this.#line.add(late);
    this.#due ??= this.#clock.turn(this.#turn);
  }

  /** It is gone, or needs no turn any more. */
  leave(late: Late): void {
    this.#line.delete(late);
  }

  readonly #turn = (): void => {
    this.#due = undefined;
    const until = this.#clock.now() + TURN_MS;
    for (const late of this.#line) {
      this.#line.delete(late);
      late.catchUp();
      if (this.#clock.now() >= until) break;
    }
    if (this.#line.size > 0) this.#due ??= this.#clock.turn(this.#turn);
  };
}
