/**
 * Runs a measure: targets interleaved, round by round, so that a slow minute of the machine slows all of them. A run that
 * does not count is noted with its reason and leaves a hole in its round. Rows become medians of the ratios of each
 * round. It refuses to print.
 */
import type { Figures, Measure, Row } from './measures/measure.js';
import { Void } from './stage.js';

export interface Run {
  readonly target: string;
  readonly round: number;
  readonly figures?: Figures;
  /** Why it does not count. */
  readonly void?: string;
}

export interface RowResult extends Row {
  /** Median of the rounds; undefined when no round counted. */
  readonly value?: number;
  readonly low?: number;
  readonly high?: number;
  readonly rounds: number;
  readonly verdict: 'aim' | 'must' | 'missed' | 'not measured' | '';
}

export interface MeasureResult {
  readonly name: string;
  readonly title: string;
  readonly runs: readonly Run[];
  readonly rows: readonly RowResult[];
}

export async function runMeasure(
  measure: Measure,
  rounds: number,
  targets: readonly string[],
  progress: (line: string) => void,
): Promise<MeasureResult> {
  const runs: Run[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const target of targets) {
      const run = await runOnce(measure, target, round);
      runs.push(run);
      progress(`${measure.name} ${round + 1}/${rounds} ${target}: ${run.void ?? figuresLine(run.figures!)}`);
    }
  }
  const rows = measure.rows
    .filter(({ of, to }) => targets.includes(of) && (to === undefined || targets.includes(to)))
    .map((row) => judge(row, runs));
  return { name: measure.name, title: measure.title, runs, rows };
}

async function runOnce(measure: Measure, target: string, round: number): Promise<Run> {
  try {
    return { target, round, figures: await measure.run(target) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { target, round, void: error instanceof Void ? `void: ${reason}` : `failed: ${reason}` };
  }
}

/** A row over the rounds in which both sides counted. */
export function judge(row: Row, runs: readonly Run[]): RowResult {
  const figureOf = (target: string, round: number): number | undefined =>
    runs.find((run) => run.target === target && run.round === round)?.figures?.[row.figure];
  const values: number[] = [];
  for (const round of new Set(runs.map((run) => run.round))) {
    const own = figureOf(row.of, round);
    const other = row.to === undefined ? 1 : figureOf(row.to, round);
    if (own !== undefined && other !== undefined) values.push(own / other);
  }
  if (values.length === 0) return { ...row, rounds: 0, verdict: 'not measured' };
  const value = median(values);
  return {
    ...row,
    value,
    low: Math.min(...values),
    high: Math.max(...values),
    rounds: values.length,
    verdict: verdict(row, value),
  };
}

function verdict({ must, aim, bound = 'max' }: Row, value: number): RowResult['verdict'] {
  const holds = (limit: number | undefined): boolean =>
    limit !== undefined && (bound === 'max' ? value <= limit : value >= limit);
  if (must === undefined && aim === undefined) return '';
  if (holds(aim)) return 'aim';
  return holds(must) ? 'must' : 'missed';
}

/** Of an even number the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return Number.isInteger(middle) ? (sorted[middle - 1]! + sorted[middle]!) / 2 : sorted[Math.floor(middle)]!;
}

function figuresLine(figures: Figures): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
    .join(', ');
}
