/**
 * Time as a parameter: the core asks this port and never the globals, so that a test can turn the hands.
 * A leaf. It refuses wall-clock arithmetic: durations are monotonic milliseconds.
 */

/** A pending call; `cancel` is idempotent. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Monotonic milliseconds (fractional) from an arbitrary origin. */
  now(): number;
  /** Milliseconds since the Unix epoch; for ids and dates, never for durations. */
  wallNow(): number;
  /** Calls `fn` once after `ms` (clamped to 0 … 2^31 − 1). It does not keep the process alive. */
  after(ms: number, fn: () => void): Timer;
  /** Calls `fn` once when the current turn's I/O has been handled. */
  turn(fn: () => void): Timer;
}

/** The longest delay a Node timer takes; above it the timer would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, Math.min(Math.max(ms, 0), MAX_TIMER_MS));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  turn(fn) {
    const immediate = setImmediate(fn);
    return { cancel: () => clearImmediate(immediate) };
  },
};

/** A source of randomness in [0, 1); `Math.random` outside tests. */
export type Random = () => number;
