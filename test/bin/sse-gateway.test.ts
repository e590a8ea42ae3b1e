import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { describeFailure } from '../../bin/failure.js';
import { COMMAND, command } from './command.js';

t.test('--help and --version are answered on stdout', async (t) => {
  const help = command(t, ['--help']);
  const version = command(t, ['-v']);
  t.same(await help.waitForExit(), { code: 0, signal: null });
  t.match(help.stdout[0], /^sse-gateway: /);
  t.same(help.stderr, []);
  t.same(await version.waitForExit(), { code: 0, signal: null });
  const { version: ours } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  t.same(version.stdout, [ours]);
});

t.test('what is not understood is said on stderr, with exit code 2', async (t) => {
  for (const args of [['--frobnicate'], ['frobnicate']]) {
    const child = command(t, args);
    t.same(await child.waitForExit(), { code: 2, signal: null });
    t.same(child.stdout, []);
    t.match(child.stderr, [/^sse-gateway: .*frobnicate/, 'Try sse-gateway --help.']);
    t.equal(child.stderr.length, 2);
  }
});

t.test('a reader that has seen enough is no failure', async (t) => {
  const child = spawn(process.execPath, [COMMAND, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let told = '';
  child.stderr.on('data', (chunk) => (told += chunk));
  const [code] = await once(child, 'close');
  t.equal(code, 0);
  t.equal(told, '');
});

t.test('a stack is for what nobody foresaw', async (t) => {
  const { text, exitCode } = describeFailure(new TypeError('bug'));
  t.match(text, /^TypeError: bug\n {4}at /);
  t.equal(exitCode, 1);
  t.same(describeFailure('thrown text'), { text: 'thrown text', exitCode: 1 });
});
