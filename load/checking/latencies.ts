/** Latencies in 3 % steps: cheap enough to take one per delivered event. */

const STEPS = 32;
const STEP_BITS = 5;

export interface LatencySummary {
  readonly count: number;
  /** Milliseconds; NaN without a sample. */
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

export class Latencies {
  #count = 0;
  #max = 0;
  readonly #buckets = new Float64Array(STEPS * 28);

  /** Microseconds; below zero counts as zero. */
  add(micros: number): void {
    const value = micros > 0 ? micros | 0 : 0;
    this.#buckets[bucketOf(value)]! += 1;
    this.#count += 1;
    if (value > this.#max) this.#max = value;
  }

  clear(): void {
    this.#buckets.fill(0);
    this.#count = 0;
    this.#max = 0;
  }

  /** The upper edge of the bucket in which the quantile lies, in milliseconds. */
  quantile(q: number): number {
    if (this.#count === 0) return Number.NaN;
    const rank = Math.max(1, Math.ceil(q * this.#count));
    let seen = 0;
    for (let bucket = 0; bucket < this.#buckets.length; bucket += 1) {
      seen += this.#buckets[bucket]!;
      if (seen >= rank) return Math.min(edgeOf(bucket), this.#max) / 1_000;
    }
    return this.#max / 1_000;
  }

  summary(): LatencySummary {
    return {
      count: this.#count,
      p50: this.quantile(0.5),
      p90: this.quantile(0.9),
      p99: this.quantile(0.99),
      max: this.#count === 0 ? Number.NaN : this.#max / 1_000,
    };
  }
}

function bucketOf(value: number): number {
  if (value < STEPS) return value;
  const shift = 31 - Math.clz32(value) - STEP_BITS;
  return shift * STEPS + (value >> shift);
}

/** The largest value of a bucket. */
function edgeOf(bucket: number): number {
  if (bucket < 2 * STEPS) return bucket;
  const shift = Math.floor(bucket / STEPS) - 1;
  return (bucket - shift * STEPS + 1) * 2 ** shift - 1;
}
