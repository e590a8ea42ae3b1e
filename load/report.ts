/**
 * The command behind `npm run load:report`: measures, keeps every run in docs/performance/results.json, and makes plots,
 * an HTML page and the marked tables of docs/performance.md and README.md from it.
 *
 *     node build/load/report.js [--rounds 5] [--measure steady,idle] [--append] [--render]
 *
 * `--append` adds rounds to those that are there, `--render` measures nothing.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chosenMeasures } from './choice.js';
import { fillBlocks } from './report/blocks.js';
import { chartsOf } from './report/charts.js';
import { describeMachine, machineLine } from './report/machine.js';
import { page } from './report/page.js';
import { judged, loadResults, type Results, saveResults, withRuns } from './report/results.js';
import { runMeasure } from './rounds.js';
import { markdownTable, textTable } from './table.js';

const FOLDER = join('docs', 'performance');
const RESULTS = join(FOLDER, 'results.json');
const PAGE_FOLDER = join('load', 'results');
const MARKED = [join('docs', 'performance.md'), 'README.md'];

const { values } = parseArgs({
  options: {
    measure: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    append: { type: 'boolean', default: false },
    render: { type: 'boolean', default: false },
  },
});

let results = loadResults(RESULTS);
for (const measure of values.render ? [] : chosenMeasures(values.measure)) {
  const { runs } = await runMeasure(measure, Number(values.rounds), measure.targets, (line) =>
    console.error(line),
  );
  const measured = { date: new Date().toISOString(), machine: describeMachine(), runs };
  results = withRuns(results, measure.name, measured, values.append);
  // After each: a run of an hour that is cut short keeps what it has.
  saveResults(RESULTS, results);
}
render(results);

function render(all: Results): void {
  const rows = judged(all);
  const charts = chartsOf(all);
  mkdirSync(FOLDER, { recursive: true });
  for (const { name, svg } of charts) writeFileSync(join(FOLDER, `${name}.svg`), svg);
  mkdirSync(PAGE_FOLDER, { recursive: true });
  const made = provenance(all);
  writeFileSync(join(PAGE_FOLDER, 'report.html'), page(rows, charts, made));
  // Rows with a bar to clear: what the README claims.
  const claims = rows
    .map((result) => ({
      ...result,
      rows: result.rows.filter(({ must, aim }) => (must ?? aim) !== undefined),
    }))
    .filter((result) => result.rows.length > 0);
  const blocks = {
    made,
    table: markdownTable(rows),
    claims: markdownTable(claims, false),
    charts: charts.map(({ name, title }) => `![${title}](performance/${name}.svg)`).join('\n\n'),
  };
  for (const file of MARKED) {
    if (existsSync(file)) writeFileSync(file, fillBlocks(readFileSync(file, 'utf8'), blocks));
  }
  console.log(textTable(rows));
}

function provenance(all: Results): string {
  const measured = Object.values(all);
  const dates = measured.map(({ date }) => date.slice(0, 10)).sort();
  const machines = [...new Set(measured.map(({ machine }) => machineLine(machine)))];
  const span = dates[0] === dates.at(-1) ? dates[0] : `${dates[0]} to ${dates.at(-1)}`;
  return `Measured ${span ?? 'never'} on ${machines.join('; ')}. Medians of the rounds, in brackets their number; the spread is the lowest and the highest round.`;
}
