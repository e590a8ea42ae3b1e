/**
 * The first bytes of one client's stream: the preamble, and the gap it begins with, if any. It refuses to count and to
 * decide where the client goes on.
 */
import { preamble } from './downstream/preamble.js';
import { type Gap, gapFrame } from './gap.js';
import { gapId, type IdMode, idBefore } from './gap-ids.js';
import type { EventLog } from './log/event-log.js';
import type { Located } from './resume.js';

/**
 * @param lastEventId what the client asked with
 * @param retryMs the client's own reconnection time
 */
export function opening(
  log: EventLog,
  options: { readonly ids: IdMode; readonly onGap: 'signal' | 'reject' | 'silent' },
  resume: Located,
  lastEventId: Uint8Array | undefined,
  retryMs: number,
): Buffer {
  const first = preamble(retryMs);
  if (resume.outcome !== 'gap' || options.onGap !== 'signal') return first;
  return Buffer.concat([first, gapAt(log, options.ids, resume, lastEventId)]);
}

/** The same for a client whose place is not known yet; `repeated`: what follows may repeat what it has. */
export function openingOfWaiting(
  onGap: 'signal' | 'reject' | 'silent',
  repeated: Gap | undefined,
  retryMs: number,
): Buffer {
  const first = preamble(retryMs);
  if (repeated === undefined || onGap === 'silent') return first;
  return Buffer.concat([first, gapFrame(repeated)]);
}

/** The gap for one client that stands at `from` and goes on where `resume` says. */
export function gapAt(
  log: EventLog,
  ids: IdMode,
  resume: Located & { outcome: 'gap' },
  from: Uint8Array | undefined,
): Buffer {
  const { seq, reason, lost, repeats } = resume;
  const stood = from === undefined ? null : Buffer.from(from).toString();
  const gap = { from: stood, resume: idBefore(log, ids, seq), lost, repeats, reason };
  return gapFrame(gap, gapId(log, ids, seq));
}
