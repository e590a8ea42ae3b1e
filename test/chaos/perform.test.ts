/** A fault that is run tells what clients saw, and what broke with the seed that repeats it. */
import assert from 'node:assert/strict';
import t from 'tap';
import type { Fault } from './fault.js';
import { perform } from './perform.js';
import { table } from './table.js';

const FORM = { seed: 7, full: false };
const fault = (run: Fault['run'], more: Partial<Fault> = {}): Fault => ({
  name: 'area: fault',
  promise: 'it holds',
  run,
  ...more,
});

t.test('runs are summed, each with a seed of its own, and cleared away last things first', async (t) => {
  const steps: string[] = [];
  const row = await perform(
    fault(
      async ({ seed, teardown }) => {
        teardown(() => steps.push(`first ${seed}`));
        teardown(() => steps.push(`last ${seed}`));
        return { lost: 0, announced: 2, seen: `seed ${seed}` };
      },
      { runs: { short: 2, full: 9 } },
    ),
    FORM,
  );
  t.strictSame(steps, ['last 7', 'first 7', 'last 8', 'first 8']);
  t.match(row, { runs: 2, verdict: 'kept', outcome: { lost: 0, announced: 4, seen: 'seed 8' } });
});

t.test('a promise that is broken is told with its seed, and what was set up is cleared away', async (t) => {
  let cleared = false;
  const row = await perform(
    fault(async ({ teardown }) => {
      teardown(() => {
        cleared = true;
      });
      assert.equal(1, 2, 'one is two');
      return {};
    }),
    FORM,
  );
  t.equal(row.verdict, 'broken');
  t.match(row.why, /^with seed 7: .*one is two/s);
  t.ok(cleared);
});

t.test('a run that does not end is broken', async (t) => {
  const row = await perform(
    fault(() => new Promise(() => undefined), { limitMs: { short: 5, full: 5 } }),
    FORM,
  );
  t.match(row.why, /not over within 5 ms/);
});

t.test('the table has a line per fault, and the reasons below', async (t) => {
  const row = await perform(
    fault(async () => ({ lost: 1_234, memoryBytes: 3 * 1_048_576, seen: 'much' })),
    FORM,
  );
  const missing = await perform(
    fault(async () => ({}), { missing: () => 'no namespaces here' }),
    FORM,
  );
  const text = table([row, missing]);
  t.match(text, '| area: fault | it holds | 1 | 1,234 |  |  | 3.0 MiB | kept |');
  t.match(text, '| area: fault | it holds | 0 |  |  |  |  | missing |');
  t.match(text, 'area: fault: much\narea: fault: no namespaces here');
});
