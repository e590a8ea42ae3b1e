/** Results as one table, for a terminal and for Markdown. */
import type { MeasureResult, RowResult } from './rounds.js';

export const HEADINGS = ['measure', '', 'median', 'spread', 'must', 'aim', 'verdict'];

export function cells(results: readonly MeasureResult[]): string[][] {
  return results.flatMap(({ title, rows }) =>
    rows.map((row, index) => [
      index === 0 ? title : '',
      row.title,
      number(row.value),
      row.value === undefined ? '–' : `${number(row.low)}–${number(row.high)} (${row.rounds})`,
      limit(row, row.must),
      limit(row, row.aim),
      row.verdict,
    ]),
  );
}

export function textTable(results: readonly MeasureResult[]): string {
  const rows = [HEADINGS, ...cells(results)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** @param bars with what must be reached and what is aimed at, and the verdict */
export function markdownTable(results: readonly MeasureResult[], bars = true): string {
  const lines = [HEADINGS, HEADINGS.map(() => '---'), ...cells(results)];
  const shown = bars ? HEADINGS.length : HEADINGS.indexOf('must');
  return lines.map((row) => `| ${row.slice(0, shown).join(' | ')} |`).join('\n');
}

function number(value: number | undefined): string {
  if (value === undefined) return '–';
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

function limit({ bound = 'max', unit }: RowResult, value: number | undefined): string {
  if (value === undefined) return '';
  return `${bound === 'max' ? '≤' : '≥'} ${number(value)}${unit === undefined ? '' : ` ${unit}`}`;
}
