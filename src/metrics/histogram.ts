/** A cumulative histogram of plain numbers: bounds, counts, sum. A leaf; it refuses labels and exposition. */
export class Histogram {
  /** Upper bounds, ascending; values above the last fall into the bucket behind it. */
  readonly bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    let i = 0;
    while (i < this.bounds.length && value > this.bounds[i]!) i += 1;
    this.#counts[i]! += 1;
    this.#sum += value;
  }

  get sum(): number {
    return this.#sum;
  }

  /** Observations at or below each bound, and of all: Prometheus' cumulative buckets, `+Inf` last. */
  cumulative(): number[] {
    let running = 0;
    return Array.from(this.#counts, (count) => {
      running += count;
      return running;
    });
  }
}
