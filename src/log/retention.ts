/**
 * Retention: how much history a log keeps, as a pure decision. It refuses to carry it out.
 */
import type { Records } from './records.js';

/** Any of the three alone raises the floor; Infinity never does. */
export interface Retention {
  /** Bytes of events. */
  readonly retainBytes: number;
  /** Number of events. */
  readonly retainEvents: number;
  /** Milliseconds since their append. */
  readonly retainAgeMs: number;
}

/**
 * The seq that the floor should be at. Count and bytes stop at what is held, or cursors at the tip would be trimmed by
 * the very events they wait for; age may take it all.
 * @param heldSeq seq of the first event that is held: of the newest batch, or of all that is being flushed
 * @param bytesFrom bytes of events from a position to the tip
 * @param now monotonic ms
 */
export function floorSeqFor(
  { retainBytes, retainEvents, retainAgeMs }: Retention,
  records: Records,
  heldSeq: number,
  bytesFrom: (position: number) => number,
  now: number,
): number {
  const { first, next } = records;
  let floor = Math.max(first, Math.min(next - retainEvents, heldSeq));
  while (floor < heldSeq && bytesFrom(records.start(floor)) > retainBytes) floor++;
  while (floor < next && now - records.time(floor) > retainAgeMs) floor++;
  return floor;
}
