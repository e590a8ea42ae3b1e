/** Runs one fault as often as its form says, clears away behind it, and turns what happened into a row. */
import { seededRandom } from '../helpers/manual-clock.js';
import type { Fault, Outcome, Scene } from './fault.js';

export interface Form {
  readonly full: boolean;
  /** Of the first run; the next ones count on from here. */
  readonly seed: number;
}

export interface Row {
  readonly name: string;
  readonly promise: string;
  readonly runs: number;
  /** Summed over the runs; memory and what was seen are those of the last. */
  readonly outcome: Outcome;
  readonly verdict: 'kept' | 'broken' | 'missing';
  /** Why it is not kept, with the seed that repeats it. */
  readonly why?: string;
}

const LIMIT_MS = { short: 60_000, full: 600_000 };

export async function perform(
  fault: Fault,
  form: Form,
  progress: (word: string) => void = () => undefined,
): Promise<Row> {
  const { name, promise } = fault;
  const missing = fault.missing?.();
  if (missing !== undefined) return { name, promise, runs: 0, outcome: {}, verdict: 'missing', why: missing };
  const size = form.full ? 'full' : 'short';
  const runs = fault.runs?.[size] ?? 1;
  let outcome: Outcome = {};
  for (let run = 0; run < runs; run += 1) {
    const seed = form.seed + run;
    if (runs > 1) progress(`run ${run + 1} of ${runs}`);
    try {
      outcome = sum(
        outcome,
        await once(fault, seed, form.full, fault.limitMs?.[size] ?? LIMIT_MS[size], progress),
      );
    } catch (error) {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const why = `with seed ${seed}: ${message}`;
      return { name, promise, runs: run + 1, outcome, verdict: 'broken', why };
    }
  }
  return { name, promise, runs, outcome, verdict: 'kept' };
}

async function once(
  { run }: Fault,
  seed: number,
  full: boolean,
  limitMs: number,
  progress: (word: string) => void,
): Promise<Outcome> {
  const random = seededRandom(seed);
  const undo: (() => unknown)[] = [];
  const scene: Scene = {
    ...{ seed, random, full, progress },
    whole: (low, high) => low + Math.floor(random() * (high - low + 1)),
    teardown: (step) => undo.push(step),
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not over within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([run(scene), late]);
  } finally {
    clearTimeout(timer);
    for (const step of undo.reverse()) await step();
  }
}

function sum(before: Outcome, run: Outcome): Outcome {
  const figures: Record<string, number | string> = { ...run };
  for (const name of ['lost', 'duplicated', 'announced'] as const) {
    const value = run[name];
    if (value !== undefined) figures[name] = value + (before[name] ?? 0);
  }
  return figures;
}
