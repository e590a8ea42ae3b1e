/**
 * What the private requests of all channels may bring at once (`maxReplayBytes`): each takes its `replayBytes` before it
 * begins and gives them back when it is over; where there are none left, channels wait in the order of asking, each for
 * one request at a time. A single request is always allowed. It refuses to know what is asked for.
 */
export class ReplayAllowance {
  readonly #maxBytes: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(maxBytes = Number.POSITIVE_INFINITY) {
    this.#maxBytes = maxBytes;
  }

  /** Channels that wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** @param again called once when there may be enough, if there isn't now; the same function waits once */
  take(bytes: number, again: () => void): boolean {
    if (this.#taken > 0 && this.#taken + bytes > this.#maxBytes) {
      this.#waiting.add(again);
      return false;
    }
    this.#taken += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
    for (const again of [...this.#waiting]) {
      if (this.#taken >= this.#maxBytes) return;
      this.#waiting.delete(again);
      again();
    }
  }

  /** It waits no longer. */
  leave(again: () => void): void {
    this.#waiting.delete(again);
  }
}
