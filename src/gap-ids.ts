/**
 * The ids by which a gap names places in a history, in the form that the clients of the channel know. Pure; it refuses
 * to decide where anyone stands.
 */
import { mint } from './ids.js';
import type { EventLog } from './log/event-log.js';

export type IdMode = 'auto' | 'upstream' | 'gateway';

/** Id of the event before `seq`: its own where the log still has it, else a minted one; null where there is none. */
export function idBefore(log: EventLog, ids: IdMode, seq: number): string | null {
  const before = seq - 1;
  if (before < 1) return null;
  const own = log.idOf(before);
  if (own !== undefined) return Buffer.from(own).toString();
  return ids === 'upstream' ? null : mint(before, log.epochs.epochAt(before));
}

/** The `id:` of a gap behind which a client goes on at `seq`: only mode `gateway` has one, so that all ids are minted. */
export function gapId(log: EventLog, ids: IdMode, seq: number): string | undefined {
  return ids === 'gateway' && seq > 1 ? mint(seq - 1, log.epochs.epochAt(seq - 1)) : undefined;
}
