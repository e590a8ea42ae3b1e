/**
 * Where a client goes on: Last-Event-ID against a log (look-up order of DESIGN §7). Pure; it refuses to wait or to ask
 * anybody but the log.
 */
import type { Anchor } from './continuity.js';
import type { Gap, GapReason } from './gap.js';
import type { IdMode } from './gap-ids.js';
import { type MintedId, parseMinted } from './ids.js';
import { TAG } from './ingest.js';
import type { EventLog } from './log/event-log.js';

/** What the log says of an id. `seq` is the first event the client gets; `repeats`: it may have had some of what follows. */
export type Located =
  | { readonly outcome: 'fresh' | 'exact'; readonly seq: number }
  | {
      readonly outcome: 'gap';
      readonly seq: number;
      readonly reason: GapReason;
      readonly lost: number | null;
      readonly repeats: boolean;
    };

/** The same, or: the log doesn't know the id, but may yet, or the upstream can be asked. */
export type Resume = Located | { readonly outcome: 'pending' };

/**
 * Finds the place behind the event that `id` names: the exact index first, then our own format with an epoch this log
 * knows, then the upstream cursor carried inside a minted id: that is the event before those without an id, of which the
 * client may have had some. An id that the upstream was asked with names the place where its answer begins. Without an
 * id the client begins at the tip.
 */
export function locate(
  log: EventLog,
  id: Uint8Array | undefined,
  anchor?: Anchor,
  ids: IdMode = 'auto',
): Located {
  if (id === undefined || id.length === 0) return { outcome: 'fresh', seq: log.tipSeq };
  const seq = behind(log, id, anchor);
  if (seq >= 0) return { outcome: 'exact', seq };
  const minted = mintedOf(log, id, ids);
  if (minted === undefined) return gap(log, 'unknown-id', null);
  if (log.epochs.knows(minted.epoch)) {
    if (minted.seq >= log.tipSeq || log.epochs.epochAt(minted.seq) !== minted.epoch)
      return gap(log, 'epoch', null);
    const next = minted.seq + 1;
    return next >= log.floorSeq
      ? { outcome: 'exact', seq: next }
      : gap(log, 'trimmed', trimmedFrom(log, next));
  }
  const named = minted.cursor === undefined ? -1 : behind(log, minted.cursor, anchor);
  if (named < 0) return gap(log, 'epoch', null);
  return { outcome: 'gap', seq: named, reason: 'epoch', lost: 0, repeats: true };
}

/** The upstream id that a client's id stands for; undefined where it holds none. */
export function upstreamIdOf(log: EventLog, id: Uint8Array, ids: IdMode = 'auto'): Uint8Array | undefined {
  const minted = mintedOf(log, id, ids);
  return minted === undefined ? id : minted.cursor;
}

/**
 * An id as one that a gateway minted. Others write ids of that form too (`1526919030474-0` is one of a Redis stream):
 * epochs are times, so that one of ours is not far from the log's own. In mode `upstream` nothing is minted.
 */
function mintedOf(log: EventLog, id: Uint8Array, ids: IdMode): MintedId | undefined {
  const minted = ids === 'upstream' ? undefined : parseMinted(id);
  if (minted === undefined || log.epochs.knows(minted.epoch)) return minted;
  return minted.epoch >= log.epoch / 2 ? minted : undefined;
}

/** Seq at which the log goes on behind an upstream id; −1 when it doesn't. */
export function behind(log: EventLog, id: Uint8Array, anchor: Anchor | undefined): number {
  const indexed = log.indexOf(id);
  if (indexed >= 0) return indexed + 1;
  return anchor !== undefined && anchor.seq >= log.floorSeq && Buffer.compare(anchor.id, id) === 0
    ? anchor.seq
    : -1;
}

/** What becomes, with `onGap: reject`, of a client that stands before a break which is told to all. */
export function brokenAt(seq: number): Located & { outcome: 'gap' } {
  return { outcome: 'gap', seq, reason: 'upstream', lost: null, repeats: true };
}

/**
 * What a client is told that comes with an id minted by another life of the gateway, and goes on behind the upstream id
 * in it: nothing is lost, and events without an id of their own may come again. Undefined for any other id.
 */
export function repeatedBehind(log: EventLog, id: Uint8Array, ids: IdMode): Gap | undefined {
  const cursor = mintedOf(log, id, ids)?.cursor;
  if (cursor === undefined) return undefined;
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
  return { from: text(id), resume: text(cursor), lost: 0, repeats: true, reason: 'epoch' };
}

/** What becomes of a client that read up to `id` on its own and finds the log gone on: at `seq`, if that is known. */
export function lostAt(log: EventLog, id: Uint8Array, seq: number | undefined): Located & { outcome: 'gap' } {
  if (seq !== undefined) return gap(log, 'trimmed', trimmedFrom(log, seq));
  return gap(log, mintedOf(log, id, 'auto') === undefined ? 'unknown-id' : 'epoch', null);
}

/**
 * Where a client without an id begins that asked when the tip was at `askedAt`: it gets what came while it waited for its
 * stream. A break told to all at that very place is none to it, as it has nothing from before.
 */
export function fresh(log: EventLog, askedAt: number): Located {
  let seq = Math.max(askedAt, log.floorSeq);
  while (log.tagOf(seq) === TAG.GAP) seq += 1;
  return { outcome: 'fresh', seq };
}

/** How many events from `seq` on were trimmed; null where a break told to all is among them: nobody knows what it hid. */
function trimmedFrom(log: EventLog, seq: number): number | null {
  return log.newestTaggedTrimmed >= seq ? null : log.floorSeq - seq;
}

function gap(log: EventLog, reason: GapReason, lost: number | null): Located & { outcome: 'gap' } {
  return { outcome: 'gap', seq: log.floorSeq, reason, lost, repeats: lost === null };
}
