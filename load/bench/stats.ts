/** Medians and spreads of a few values. It refuses to know what was measured. */

export interface Summary {
  readonly median: number;
  /** The quarter of the values below, and the quarter above. */
  readonly low: number;
  readonly high: number;
}

export function summary(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.round((sorted.length - 1) * part)]!;
  return { median: at(0.5), low: at(0.25), high: at(0.75) };
}
