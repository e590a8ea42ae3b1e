/**
 * The results file: every run of every measure with its figures, so that tables and plots can be made again, and rounds
 * added, without measuring anew. It refuses to judge; rows are judged when they are shown.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { MEASURES } from '../measures/index.js';
import { judge, type MeasureResult, type Run } from '../rounds.js';
import type { Machine } from './machine.js';

export interface Measured {
  /** ISO date of its newest round. */
  readonly date: string;
  readonly machine: Machine;
  readonly runs: readonly Run[];
}

/** By name of the measure. */
export type Results = Readonly<Record<string, Measured>>;

export function loadResults(file: string): Results {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : {};
}

export function saveResults(file: string, results: Results): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);
}

/** The results with those of one measure replaced, or its rounds added to those that are there. */
export function withRuns(results: Results, name: string, measured: Measured, append: boolean): Results {
  const before = append ? (results[name]?.runs ?? []) : [];
  const rounds = Math.max(-1, ...before.map(({ round }) => round)) + 1;
  const added = measured.runs.map((run) => ({ ...run, round: run.round + rounds }));
  return { ...results, [name]: { ...measured, runs: [...before, ...added] } };
}

/** What there is, judged, in the order of the measures. */
export function judged(results: Results): MeasureResult[] {
  return MEASURES.flatMap(({ name, title, rows }) => {
    const runs = results[name]?.runs;
    if (runs === undefined) return [];
    return [{ name, title, runs, rows: rows.map((row) => judge(row, runs)) }];
  });
}
