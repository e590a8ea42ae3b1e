/**
 * The whole channel against a model: whatever upstream and clients do, streams show the upstream's history or say where
 * they don't, books balance, and nothing is left behind. `MODEL_RUNS` raises the number of runs, `MODEL_SEED` repeats one.
 */
import t from 'tap';
import { FOUND } from './found.js';
import { runModel } from './run.js';
import { World } from './world.js';

const runs = Number(process.env['MODEL_RUNS'] ?? 300);
const seed = process.env['MODEL_SEED'];

for (const { claim, setup, steps } of FOUND) {
  t.test(claim, async (t) => {
    await t.resolves(new World(setup).run(steps));
  });
}

t.test('a client sees the history without a hole or repeat, or is told where it is broken', async (t) => {
  const outcome = await runModel(runs, seed === undefined ? undefined : Number(seed));
  if (outcome.failed) t.fail(outcome.report);
  else t.pass(`${runs} runs`);
});
