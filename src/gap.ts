/**
 * The events by which the gateway speaks in a client's stream: `gateway.gap` where history breaks, `gateway.end` where
 * it stops. It owns their wire form and refuses to decide when they are due.
 */

/** Why a contiguous history is impossible; the label of `gaps_total`. */
export const GAP_REASONS = ['trimmed', 'unknown-id', 'epoch', 'lagged', 'upstream'] as const;
export type GapReason = (typeof GAP_REASONS)[number];

export interface Gap {
  /** Id the client stood at; cut at 256 bytes. Null: none known. */
  readonly from: string | null;
  /** Id of the event before the point where it goes on. Null: none known. */
  readonly resume: string | null;
  /** Events that the client will never get; null: unknown. */
  readonly lost: number | null;
  /** Events that it already has may come again. */
  readonly repeats: boolean;
  readonly reason: GapReason;
}

const MAX_FROM = 256;

/** The gap as an event on the wire; with `id` (mode `gateway`) the client resumes behind it. */
export function gapFrame(gap: Gap, id?: string): Buffer {
  const data = JSON.stringify({
    from: clean(gap.from),
    resume: clean(gap.resume),
    lost: gap.lost,
    repeats: gap.repeats,
    reason: gap.reason,
  });
  return Buffer.from(`${id === undefined ? '' : `id: ${id}\n`}event: gateway.gap\ndata: ${data}\n\n`);
}

/** The last event of a stream that the gateway ends for good. */
export function endFrame(reason: string, retryMs: number): Buffer {
  return Buffer.from(
    `retry: ${Math.ceil(retryMs)}\nevent: gateway.end\ndata: ${JSON.stringify({ reason })}\n\n`,
  );
}

/** JSON escapes line ends; what is left to do is the bound, at a character's edge. */
function clean(id: string | null): string | null {
  if (id === null) return null;
  const bytes = Buffer.from(id);
  if (bytes.length <= MAX_FROM) return id;
  let end = MAX_FROM;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}
