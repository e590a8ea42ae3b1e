/**
 * Real time for the upstreams, proxies and clients of tests and load: where no manual clock is given.
 * It refuses wall-clock time, which steps.
 */
import type { Clock } from '../../src/clock.js';

/** The part of the clock that these tools need, so that a `ManualClock` can stand in. */
export type Time = Pick<Clock, 'now' | 'after'>;

/**
 * Monotonic ms (fractional, to the microsecond). Its origin is the machine's and not the process's: on Linux it reads
 * CLOCK_MONOTONIC, so a stamp set in one process can be compared in another one.
 */
export function stampMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + Math.round(nanoseconds / 1_000) / 1_000;
}

/** Unlike the gateway's clock its timers keep the process alive: what a test waits for shall happen. */
export const realTime: Time = {
  now: stampMs,
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};
