/** The report as one HTML page: plots, the table, and every run with its figures. */

import type { MeasureResult } from '../rounds.js';
import { cells, HEADINGS } from '../table.js';
import type { Chart } from './charts.js';

const STYLE =
  'body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}table{border-collapse:collapse}td,th{padding:.2rem .6rem;border-bottom:1px solid #ddd;text-align:left}.missed,.not{color:#b00020}.aim{color:#0a7d5a}pre{font-size:12px;overflow-x:auto}';

export function page(results: readonly MeasureResult[], charts: readonly Chart[], made: string): string {
  const row = (cell: 'td' | 'th', values: readonly string[]): string =>
    `<tr class="${values.at(-1)!}">${values.map((value) => `<${cell}>${escaped(value)}</${cell}>`).join('')}</tr>`;
  const runs = results.map(
    ({ title, runs: all }) =>
      `<details><summary>${escaped(title)}</summary><pre>${escaped(all.map((run) => JSON.stringify(run)).join('\n'))}</pre></details>`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Load report</title><style>${STYLE}</style>
<h1>Load report</h1><p>${escaped(made)}</p>
<table>${row('th', HEADINGS)}${cells(results)
    .map((values) => row('td', values))
    .join('\n')}</table>
${charts.map(({ svg }) => svg).join('\n')}
<h2>Runs</h2>${runs.join('\n')}</html>
`;
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
