/** The model finds what is wrong: each fault in `mutants.ts`, put into a copy of the compiled gateway, fails a run. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { MUTANTS, type Mutant } from './mutants.js';

const BUILD = join(dirname(fileURLToPath(import.meta.url)), '../..');
const PARTS = ['src', 'test/model', 'test/helpers/manual-clock.js', 'test/helpers/stream-wrap.js'];
const SEED = 3;
const RUNS = 6_000;
const AT_ONCE = 2;

interface Run {
  readonly code: number;
  readonly output: string;
}

/** The model on a copy; code 1 and a report when it found something. */
async function runModel(copy: string, runs: number, seed = SEED): Promise<Run> {
  const args = [join(copy, 'test/model/run.js'), String(runs), String(seed), 'unshrunk'];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return { code: 0, output: stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: stdout + stderr };
  }
}

async function copied(folder: string): Promise<string> {
  const copy = await mkdtemp(join(folder, 'copy-'));
  for (const part of PARTS) await cp(join(BUILD, part), join(copy, part), { recursive: true });
  return copy;
}

async function mutate(copy: string, { file, text, becomes }: Mutant): Promise<void> {
  const path = join(copy, 'src', file);
  const code = (await readFile(path, 'utf8')).replace(/^\s*\/\/.*\n/gm, '');
  const pieces = code.split(text);
  if (pieces.length !== 2) throw new Error(`${file} has ${pieces.length - 1} times: ${text}`);
  await writeFile(path, pieces.join(becomes));
}

t.setTimeout(240_000);

t.test('each fault put into the gateway is found', { timeout: 240_000 }, async (t) => {
  const folder = await mkdtemp(join(BUILD, 'mutants-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  t.equal((await runModel(await copied(folder), 100)).code, 0, 'a faithful copy passes');
  const left = [...MUTANTS];
  const work = async (): Promise<void> => {
    for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
      const copy = await copied(folder);
      await mutate(copy, mutant);
      const { code, output } = await runModel(copy, RUNS, mutant.seed);
      t.equal(code, 1, mutant.fault);
      t.match(output, /^MODEL_SEED=/, 'and by a run, not by a crash at the start');
      t.comment(output.split('\n', 1)[0]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
});
