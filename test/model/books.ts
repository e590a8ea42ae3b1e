/** What must hold between any two steps, and behind a close, whoever the clients are. */
import type { Channel } from '../../src/channel.js';
import type { SlabPool } from '../../src/log/pool.js';
import type { ManualClock } from '../helpers/manual-clock.js';

/** Offered is out, dropped and pending. */
export function checkBooks({ metrics, subscribers }: Channel): void {
  const pending = [...subscribers].reduce((sum, one) => sum + one.pending, 0);
  const { eventsOffered, eventsOut, eventsDropped } = metrics;
  if (eventsOffered === eventsOut + eventsDropped.total + pending) return;
  const dropped = JSON.stringify([...eventsDropped.entries()]);
  throw new Error(`offered ${eventsOffered}, out ${eventsOut}, dropped ${dropped}, pending ${pending}`);
}

/** Behind a close no slab is held and no timer runs. */
export function checkNothingLeft({ stats }: SlabPool, clock: ManualClock): void {
  if (stats.inUseBytes !== 0) throw new Error(`${stats.inUseBytes} bytes are still in use`);
  if (clock.pending + clock.pendingTurns > 0) throw new Error('a timer was left behind');
}
