/** Rows as a table for people. It refuses to judge: verdicts come with the rows. */
import type { Row } from './row.js';

const HEAD = ['', 'figure', 'quartiles', 'must', 'aim', 'verdict', ''];

export function table(rows: readonly Row[]): string {
  return [...new Set(rows.map((row) => row.section))]
    .map((section) =>
      aligned([[section, ...HEAD.slice(1)], ...rows.filter((row) => row.section === section).map(cells)]),
    )
    .join('\n\n');
}

function cells({ name, unit, value, low, high, bar, verdict, note }: Row): string[] {
  const bound = (limit: number | undefined) => (limit === undefined ? '' : figure(limit));
  return [
    name,
    `${figure(value)} ${unit}`,
    `${figure(low)}–${figure(high)}`,
    bound(bar?.must),
    bound(bar?.aim),
    verdict === 'below' ? 'BELOW' : (verdict ?? ''),
    note ?? '',
  ];
}

function figure(value: number): string {
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

function aligned(lines: readonly string[][]): string {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          column > 0 && column < 5 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
