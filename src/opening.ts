/**
 * The first bytes of one client's stream: the preamble, and the gap it begins with, if any. It refuses to count and to
 * decide where the client goes on.
 */
import { preamble } from './downstream/preamble.js';
import { gapFrame } from './gap.js';
import { gapId, type IdMode, idBefore } from './gap-ids.js';
import type { EventLog } from './log/event-log.js';
import type { Resume } from './resume.js';

/**
 * @param lastEventId what the client asked with
 * @param retryMs the client's own reconnection time
 */
export function opening(
  log: EventLog,
  options: { readonly ids: IdMode; readonly onGap: 'signal' | 'reject' | 'silent' },
  resume: Resume,
  lastEventId: Uint8Array | undefined,
  retryMs: number,
): Buffer {
  const first = preamble(retryMs);
  if (resume.outcome !== 'gap' || options.onGap !== 'signal') return first;
  const { seq, reason, lost } = resume;
  const from = lastEventId === undefined ? null : Buffer.from(lastEventId).toString();
  const gap = { from, resume: idBefore(log, options.ids, seq), lost, repeats: lost === null, reason };
  return Buffer.concat([first, gapFrame(gap, gapId(log, options.ids, seq))]);
}
