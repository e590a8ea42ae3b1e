/**
 * Decides when what was committed is flushed. Pure: the clock's reading is passed in, nothing is done here.
 *
 * The number of writes costs, not the number of bytes: two events in one write cost about as much as one. A stream that
 * is busy waits a little for more; one that was quiet is flushed at once, so that a lone event is never late.
 */
export class Coalescing {
  readonly #coalesceMs: number;
  #flushedAt = Number.NEGATIVE_INFINITY;

  /** @param coalesceMs the longest an event waits for more, ms; 0: never */
  constructor(coalesceMs: number) {
    this.#coalesceMs = coalesceMs;
  }

  /** A flush begins. */
  flushed(now: number): void {
    this.#flushedAt = now;
  }

  /** How long a commit made now may wait, ms; 0: it is flushed at the end of this turn. */
  waitMs(now: number): number {
    return now - this.#flushedAt < 2 * this.#coalesceMs ? this.#coalesceMs : 0;
  }
}
