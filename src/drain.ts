/**
 * Ends many streams without making a herd: spread over time, in small groups, so that clients come back spread too.
 * It refuses to know why, and what a stream is.
 */
import type { Clock } from './clock.js';

/** Milliseconds between two groups. */
const STEP_MS = 20;
/** The time one client adds to the spread, until `overMs`. */
const PER_CLIENT_MS = 5;

/** How long ended streams may take to flush before a drain goes on, and how often it looks, ms. */
const FLUSH_MS = 1_000;
const LOOK_MS = 25;

/** The time it takes to end `count` streams, ms. */
export function spreadMs(count: number, overMs: number): number {
  return Math.min(overMs, PER_CLIENT_MS * count);
}

/**
 * Calls `end` for each item, spread over `spreadMs(items.length, overMs)`; resolves after the last one.
 */
export function endSpread<T>(
  items: readonly T[],
  overMs: number,
  clock: Clock,
  end: (item: T) => void,
): Promise<void> {
  const total = spreadMs(items.length, overMs);
  const started = clock.now();
  let done = 0;
  return new Promise((resolve) => {
    const step = (): void => {
      const share = total === 0 ? 1 : Math.min(1, (clock.now() - started + STEP_MS) / total);
      const target = Math.ceil(items.length * share);
      for (; done < target; done += 1) end(items[done]!);
      if (done >= items.length) resolve();
      else clock.after(STEP_MS, step);
    };
    step();
  });
}

/** Resolves when the ended streams are `gone`, or after a second: a client that takes nothing must not hold a drain up. */
export async function flushed(clock: Clock, gone: () => boolean): Promise<void> {
  const until = clock.now() + FLUSH_MS;
  while (!gone() && clock.now() < until) {
    await new Promise<void>((resolve) => void clock.after(LOOK_MS, resolve));
  }
}
