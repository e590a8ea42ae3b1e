/**
 * Faults as tests: the short form, with a seed that the output tells. `CHAOS_SEED` repeats a run, `CHAOS_FULL=1` runs the
 * long form. What can't be run here is skipped with its reason, in CI it is an error.
 */
import t from 'tap';
import type { Fault } from './fault.js';
import { perform } from './perform.js';

const FULL = process.env['CHAOS_FULL'] === '1';
const SEED = Number(process.env['CHAOS_SEED'] ?? 20261125);
const MARGIN_MS = 10_000;

export function chaosTests(faults: readonly Fault[]): void {
  const size = FULL ? 'full' : 'short';
  const limitOf = ({ runs, limitMs }: Fault): number =>
    (runs?.[size] ?? 1) * (limitMs?.[size] ?? (FULL ? 600_000 : 60_000)) + MARGIN_MS;
  t.setTimeout(faults.reduce((sum, fault) => sum + limitOf(fault), MARGIN_MS));
  for (const fault of faults) {
    t.test(
      `${fault.name}: ${fault.promise}`,
      { timeout: limitOf(fault), skip: skipped(fault) },
      async (t) => {
        const { verdict, why, outcome } = await perform(fault, { seed: SEED, full: FULL });
        t.equal(verdict, 'kept', why === undefined ? 'kept' : `CHAOS_SEED=${SEED}, ${why}`);
        if (outcome.seen !== undefined) t.comment(outcome.seen);
      },
    );
  }
}

function skipped({ missing }: Fault): string | false {
  return process.env['CI'] === undefined ? (missing?.() ?? false) : false;
}
