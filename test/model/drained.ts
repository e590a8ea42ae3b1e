/**
 * A drain under a manual clock: its timers are the clock's, and what it does between two of them are promises. It refuses
 * to know what goes on meanwhile.
 */
import type { Channel } from '../../src/channel.js';
import type { Drain } from '../../src/drain.js';

/** How far the clock is moved at a time, ms. */
export const DRAIN_STEP_MS = 20;
/** More than the longest drain and its flush take. */
const MOST_STEPS = 100;
const PER_CLIENT_MS = 5;
/** Promises that follow each other without a timer between. */
const SETTLING = 4;

/** How long a drain of so many clients goes on ending streams, as the documentation has it, ms. */
export function drainLasts(clients: number, drainMs: number): number {
  return Math.min(drainMs, PER_CLIENT_MS * clients);
}

/**
 * Resolves when the drain is over.
 * @param step moves the clock by `DRAIN_STEP_MS`, and may do anything else
 * @throws when it does not end
 */
export async function drained(drain: Drain, channel: Channel, step: (at: number) => void): Promise<void> {
  let over = false;
  const done = drain
    .run(() => [channel])
    .then(() => {
      over = true;
    });
  await settle();
  for (let at = 0; !over && at < MOST_STEPS; at += 1) {
    step(at);
    await settle();
  }
  if (!over) throw new Error('a drain does not end');
  await done;
}

async function settle(): Promise<void> {
  for (let i = 0; i < SETTLING; i += 1) await undefined;
}
