/**
 * Latencies as counts in buckets that grow with the value: fixed memory for any number of samples, quantiles to 1.6 %.
 * It refuses to keep samples.
 */

/** Buckets per doubling; their width bounds the error of a quantile. */
const PER_DOUBLING = 64;
/** The smallest bucket begins here, in ms: a microsecond. */
const SMALLEST_MS = 0.001;
/** Up to about 2^31 µs, more than half an hour. */
const DOUBLINGS = 31;

export class Latencies {
  readonly #buckets = new Uint32Array(PER_DOUBLING * DOUBLINGS);
  #count = 0;
  #max = 0;
  #sum = 0;

  /** Samples taken. */
  get count(): number {
    return this.#count;
  }

  /** The largest sample in ms, exact; 0 without samples. */
  get max(): number {
    return this.#max;
  }

  /** Arithmetic mean in ms; 0 without samples. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  /** Takes one sample in ms; anything below a microsecond counts as one. */
  record(ms: number): void {
    const at = Math.floor(Math.log2(Math.max(ms, SMALLEST_MS) / SMALLEST_MS) * PER_DOUBLING);
    this.#buckets[Math.min(at, this.#buckets.length - 1)]! += 1;
    this.#count += 1;
    this.#sum += ms;
    if (ms > this.#max) this.#max = ms;
  }

  /** The value in ms that a share `q` (0 … 1) of the samples does not exceed, rounded up to its bucket; 0 without samples. */
  quantile(q: number): number {
    let left = Math.max(1, Math.ceil(q * this.#count));
    for (let at = 0; at < this.#buckets.length; at += 1) {
      left -= this.#buckets[at]!;
      if (left > 0) continue;
      // The last bucket has no upper edge.
      if (at === this.#buckets.length - 1) break;
      return Math.min(this.#max, SMALLEST_MS * 2 ** ((at + 1) / PER_DOUBLING));
    }
    return this.#max;
  }

  /** Takes the samples of another one in. */
  add(other: Latencies): void {
    for (let at = 0; at < this.#buckets.length; at += 1) this.#buckets[at]! += other.#buckets[at]!;
    this.#count += other.#count;
    this.#sum += other.#sum;
    this.#max = Math.max(this.#max, other.#max);
  }
}
