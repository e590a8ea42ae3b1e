/**
 * One figure of a benchmark: what was measured, how far it spread, and whether it clears its bar. Plain data, which
 * processes hand on to each other as lines of JSON.
 */
import type { Summary } from './stats.js';

/** What a figure must reach, and what it is meant to reach. */
export interface Bar {
  readonly must: number;
  readonly aim: number;
  /** A ratio to a rival is to be high, a cost low. */
  readonly better: 'higher' | 'lower';
}

export type Verdict = 'aim' | 'must' | 'below';

export interface Row {
  readonly section: string;
  readonly name: string;
  /** `x`: a ratio. */
  readonly unit: string;
  readonly value: number;
  /** Quartiles over the rounds; both the value itself where a figure has none. */
  readonly low: number;
  readonly high: number;
  readonly bar?: Bar | undefined;
  readonly verdict?: Verdict | undefined;
  /** What else is worth reading beside it. */
  readonly note?: string | undefined;
}

export function row(
  section: string,
  name: string,
  unit: string,
  { median, low, high }: Summary,
  extra: { readonly bar?: Bar | undefined; readonly note?: string | undefined } = {},
): Row {
  const { bar, note } = extra;
  return { section, name, unit, value: median, low, high, bar, verdict: bar && verdict(median, bar), note };
}

export function verdict(value: number, { must, aim, better }: Bar): Verdict {
  const reaches = (limit: number) => (better === 'higher' ? value >= limit : value <= limit);
  if (reaches(aim)) return 'aim';
  return reaches(must) ? 'must' : 'below';
}
