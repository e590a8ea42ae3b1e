/**
 * Decides what becomes of a slow subscriber. Pure: the clock's reading is passed in, nothing is done here.
 * A subscriber may lag for as long as its cursor is above the floor; only a socket that takes nothing, or a cursor
 * below the floor, calls for a verdict.
 */

export type LagVerdict = 'none' | 'stalled' | 'lagged' | 'skip';

export interface LagPolicy {
  /** What to do with a cursor below the floor. */
  readonly onSlow: 'skip' | 'disconnect';
  /** Longest time one write may take, ms. */
  readonly stalledMs: number;
}

/**
 * @param behind the cursor's next event is no longer retained
 * @param writingSince when the write under way began (ms), undefined without one
 */
export function lagVerdict(
  policy: LagPolicy,
  behind: boolean,
  writingSince: number | undefined,
  now: number,
): LagVerdict {
  if (writingSince !== undefined && now - writingSince >= policy.stalledMs) return 'stalled';
  if (!behind) return 'none';
  return policy.onSlow === 'disconnect' ? 'lagged' : 'skip';
}
