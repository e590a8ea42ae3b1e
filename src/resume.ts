/**
 * Where a client goes on: Last-Event-ID against a log (look-up order of DESIGN §7). Pure; it refuses to wait or to ask
 * anybody but the log.
 */
import type { GapReason } from './gap.js';
import { parseMinted } from './ids.js';
import { TAG } from './ingest.js';
import type { EventLog } from './log/event-log.js';

/** `seq` is the first event the client gets. */
export type Resume =
  | { readonly outcome: 'fresh' | 'exact'; readonly seq: number }
  | {
      readonly outcome: 'gap';
      readonly seq: number;
      readonly reason: GapReason;
      readonly lost: number | null;
    };

/**
 * Finds the place behind the event that `id` names: the exact index first, then our own format with an epoch this log
 * knows, then the upstream cursor carried inside a minted id. Without an id the client begins at the tip.
 */
export function locate(log: EventLog, id: Uint8Array | undefined): Resume {
  if (id === undefined || id.length === 0) return { outcome: 'fresh', seq: log.tipSeq };
  const indexed = log.indexOf(id);
  if (indexed >= 0) return { outcome: 'exact', seq: indexed + 1 };
  const minted = parseMinted(id);
  if (minted === undefined) return gap(log, 'unknown-id', null);
  if (log.epochs.knows(minted.epoch)) {
    const { seq } = minted;
    if (seq < log.tipSeq && log.epochs.epochAt(seq) === minted.epoch) {
      if (seq + 1 >= log.floorSeq) return { outcome: 'exact', seq: seq + 1 };
      return gap(log, 'trimmed', log.floorSeq - seq - 1);
    }
    return gap(log, 'epoch', null);
  }
  const behind = minted.cursor === undefined ? -1 : log.indexOf(minted.cursor);
  if (behind >= 0) return { outcome: 'exact', seq: behind + 1 };
  return gap(log, 'epoch', null);
}

/**
 * Where a client without an id begins that asked when the tip was at `askedAt`: it gets what came while it waited for its
 * stream. A break told to all at that very place is none to it, as it has nothing from before.
 */
export function fresh(log: EventLog, askedAt: number): Resume {
  let seq = Math.max(askedAt, log.floorSeq);
  while (log.tagOf(seq) === TAG.GAP) seq += 1;
  return { outcome: 'fresh', seq };
}

function gap(log: EventLog, reason: GapReason, lost: number | null): Resume {
  return { outcome: 'gap', seq: log.floorSeq, reason, lost };
}
