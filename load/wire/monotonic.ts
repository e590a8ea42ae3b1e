/** One clock for all processes of the machine: microseconds of CLOCK_MONOTONIC, read without an allocation. */

const ORIGIN = Number(process.hrtime.bigint() / 1_000n) - performance.now() * 1_000;

/** Whole microseconds since boot; comparable between processes. */
export function monotonicMicros(): number {
  return Math.floor(ORIGIN + performance.now() * 1_000);
}
