/**
 * The command behind `npm run load`: one table on stdout, or JSON; a line per run on stderr.
 *
 *     node build/load/run.js [--short] [--measure steady,idle] [--targets net,naive,ours] [--rounds 3] [--json]
 *
 * `--short`: the set that takes less than three minutes, one round of each.
 */
import { parseArgs } from 'node:util';
import { chosenMeasures } from './choice.js';
import { SHORT } from './measures/index.js';
import { type MeasureResult, runMeasure } from './rounds.js';
import { textTable } from './table.js';

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    measure: { type: 'string' },
    targets: { type: 'string' },
    rounds: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const names = values.measure ?? (values.short ? Object.keys(SHORT).join(',') : undefined);
const rounds = Number(values.rounds ?? (values.short ? 1 : 3));
const results: MeasureResult[] = [];
for (const measure of chosenMeasures(names)) {
  const few = values.short ? SHORT[measure.name] : undefined;
  const targets = values.targets?.split(',') ?? few ?? measure.targets;
  results.push(await runMeasure(measure, rounds, targets, (line) => console.error(line)));
}
console.log(values.json ? JSON.stringify(results, null, 2) : textTable(results));
