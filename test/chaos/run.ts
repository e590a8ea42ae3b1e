/**
 * The command behind `npm run chaos`: every fault of the matrix, a line for each as it goes, and one table.
 *
 *     node build/test/chaos/run.js [--full] [--only herd] [--seed 7] [--list]
 *
 * Exits with 1 when a promise is not kept.
 */
import { parseArgs } from 'node:util';
import { MATRIX } from './matrix.js';
import { perform, type Row } from './perform.js';
import { table } from './table.js';

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    seed: { type: 'string' },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const chosen = MATRIX.filter(({ name }) => name.includes(values.only));
if (chosen.length === 0) {
  console.error(`no fault has ${JSON.stringify(values.only)} in its name; --list names them`);
  process.exit(2);
}
if (values.list) {
  for (const { name, promise } of chosen) console.log(`${name}\n    ${promise}`);
} else {
  console.error(`seed ${seed}, ${values.full ? 'full' : 'short'} form, ${chosen.length} faults`);
  const rows: Row[] = [];
  for (const [at, fault] of chosen.entries()) {
    const place = `${at + 1}/${chosen.length} ${fault.name}`;
    const started = performance.now();
    const row = await perform(fault, { seed, full: values.full }, (word) =>
      console.error(`${place}: ${word}`),
    );
    rows.push(row);
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    console.error(`${place}: ${row.verdict} in ${seconds} s${row.why === undefined ? '' : `, ${row.why}`}`);
  }
  console.log(table(rows));
  // Whatever a broken run left open must not keep the command from ending.
  process.exit(rows.some(({ verdict }) => verdict !== 'kept') ? 1 : 0);
}
