/**
 * The command: `node build/load/run.js [--measure steady,idle] [--targets net,naive,ours] [--rounds 5] [--json]`. One
 * table on stdout, or JSON; a line per run on stderr.
 */
import { parseArgs } from 'node:util';
import { MEASURES } from './measures/index.js';
import { type MeasureResult, runMeasure } from './rounds.js';
import { textTable } from './table.js';

const { values } = parseArgs({
  options: {
    measure: { type: 'string' },
    targets: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
});

const wanted = values.measure?.split(',') ?? MEASURES.map(({ name }) => name);
const unknown = wanted.filter((name) => !MEASURES.some((measure) => measure.name === name));
if (unknown.length > 0) {
  console.error(
    `no such measure: ${unknown.join(', ')}; there are ${MEASURES.map(({ name }) => name).join(', ')}`,
  );
  process.exit(2);
}

const results: MeasureResult[] = [];
for (const measure of MEASURES.filter(({ name }) => wanted.includes(name))) {
  const targets = values.targets?.split(',') ?? measure.targets;
  results.push(await runMeasure(measure, Number(values.rounds), targets, (line) => console.error(line)));
}
console.log(values.json ? JSON.stringify(results, null, 2) : textTable(results));
