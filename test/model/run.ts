/** The model as a process: `node run.js <runs> <seed> [unshrunk]`. Exit code 1 and a report when a run fails, 0 when none does. */
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { type Setup, type Step, setup, steps } from './plan.js';
import { World } from './world.js';

export type Outcome = { readonly failed: false } | { readonly failed: true; readonly report: string };

/** So many runs; the first that fails is told with all that is needed to see it again. */
export async function runModel(numRuns: number, seed?: number, shrink = true): Promise<Outcome> {
  const property = fc.asyncProperty(setup, steps, (chosen, plan) => new World(chosen).run(plan));
  const result = await fc.check<[Setup, Step[]]>(property, {
    numRuns,
    endOnFailure: !shrink,
    ...(seed === undefined ? {} : { seed }),
  });
  if (!result.failed) return { failed: false };
  const error =
    result.errorInstance instanceof Error ? result.errorInstance.stack : String(result.errorInstance);
  const [chosen, plan] = result.counterexample ?? [];
  return {
    failed: true,
    report: [
      `MODEL_SEED=${result.seed}, path ${result.counterexamplePath}, after ${result.numRuns} runs`,
      JSON.stringify(chosen),
      ...(plan ?? []).map((step) => `  ${JSON.stringify(step)}`),
      error,
    ].join('\n'),
  };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const outcome = await runModel(
    Number(process.argv[2]),
    Number(process.argv[3]),
    process.argv[4] !== 'unshrunk',
  );
  if (outcome.failed) {
    console.log(outcome.report);
    process.exitCode = 1;
  }
}
