/**
 * Lets every client go without making a herd: streams end spread over time, in small groups, so that clients come back
 * spread too, and who comes meanwhile is told when to come back. It refuses to know why, and what serves them.
 */
import type { Channel } from './channel.js';
import type { Clock, Random } from './clock.js';
import { retryField } from './sse/control.js';

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

/** Beyond the end of a drain, those who come back to it spread over these, ms. */
const RETURN_MIN_MS = 1_000;
const RETURN_SPREAD_MS = 4_000;

export interface DrainOptions {
  readonly drainDelayMs: number;
  readonly drainMs: number;
}

/** The drain of one gateway, in its steps: begun, refusing newcomers and ending streams, flushed. */
export class Drain {
  readonly #options: DrainOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  #running: Promise<void> | undefined;
  #refusing = false;
  #endsAt = Number.NEGATIVE_INFINITY;

  constructor(options: DrainOptions, clock: Clock, random: Random) {
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
  }

  get begun(): boolean {
    return this.#running !== undefined;
  }

  /** Streams have begun to end: one that began now would be cut. */
  get refusing(): boolean {
    return this.#refusing;
  }

  /** When a client that is sent away should come back, ms: behind the drain's end, and not with all the others. */
  returnMs(): number {
    const left = Math.max(0, this.#endsAt - this.#clock.now());
    return left + RETURN_MIN_MS + RETURN_SPREAD_MS * this.#random();
  }

  /** Resolves when the streams of these channels have ended and are flushed. Runs once. */
  run(channels: () => Iterable<Channel>): Promise<void> {
    this.#running ??= this.#run(channels);
    return this.#running;
  }

  async #run(channels: () => Iterable<Channel>): Promise<void> {
    const clock = this.#clock;
    const { drainDelayMs, drainMs } = this.#options;
    if (drainDelayMs > 0) await new Promise<void>((resolve) => void clock.after(drainDelayMs, resolve));
    this.#refusing = true;
    const streams = [...channels()].flatMap((channel) =>
      [...channel.subscribers].map((subscriber) => ({ channel, subscriber })),
    );
    const endsAt = clock.now() + spreadMs(streams.length, drainMs);
    this.#endsAt = endsAt;
    await endSpread(streams, drainMs, clock, ({ channel, subscriber }) => {
      const retry = Math.max(0, endsAt - clock.now()) + channel.subscribers.retryMs();
      subscriber.end('drain', retryField(retry));
    });
    const ending = (channel: Channel): boolean => [...channel.subscribers].some((one) => one.ending);
    await flushed(clock, () => ![...channels()].some(ending));
  }
}
