import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { freePort, NodeProcess, requireBinary } from './process.js';

function start(t: Test, source: string, options?: ConstructorParameters<typeof NodeProcess>[1]): NodeProcess {
  const file = join(t.testdir(), 'child.mjs');
  writeFileSync(file, source);
  const child = new NodeProcess(file, options);
  t.teardown(() => child.stop());
  return child;
}

t.test('lines, arguments, environment and exit code come through', async (t) => {
  const source = `
    console.log('one ' + process.argv[2]); console.error('two ' + process.env.WORD + process.env.HOME);
    process.exitCode = 3; process.stdout.write('no newline');`;
  const child = start(t, source, { args: ['arg'], env: { WORD: 'word', HOME: undefined } });
  t.equal((await child.waitForLine(/one (\w+)/g))[1], 'arg');
  t.equal((await child.waitForLine(/two (\w+)/))[1], 'wordundefined');
  t.same(await child.waitForExit(), { code: 3, signal: null });
  t.same(child.stdout, ['one arg', 'no newline']);
});

t.test('a signal is delivered, and its exit tells which', async (t) => {
  const polite = start(
    t,
    `process.on('SIGTERM', () => { console.log('bye'); process.exit(0) });
    setInterval(() => {}, 1e6); console.log('up')`,
  );
  await polite.waitForLine(/up/);
  t.equal(polite.exit, undefined);
  polite.kill();
  t.same(await polite.exited, { code: 0, signal: null });
  t.same(polite.stdout, ['up', 'bye']);
  const stubborn = start(t, `setInterval(() => {}, 1e6)`);
  t.same(await stubborn.stop(), { code: null, signal: 'SIGKILL' });
});

t.test('a line that cannot come any more rejects with what was printed', async (t) => {
  const child = start(t, `console.error('boom'); process.exit(1)`);
  await t.rejects(child.waitForLine(/never/), { message: /ended \(code 1.*never.*boom/s });
});

t.test('a program that is missing skips the test, and with CI=true fails it', async (t) => {
  const plans: string[] = [];
  const skippable = { plan: (count: number, reason: string) => void plans.push(`${count} ${reason}`) };
  const { CI } = process.env;
  t.teardown(() => {
    if (CI === undefined) delete process.env['CI'];
    else process.env['CI'] = CI;
  });
  t.match(requireBinary(skippable, 'sh'), /\/sh$/);
  t.equal(requireBinary(skippable, process.execPath), process.execPath);
  process.env['CI'] = 'true';
  t.throws(() => requireBinary(skippable, 'no-such-program'), /not installed/);
  t.same(plans, []);
  delete process.env['CI'];
  t.equal(requireBinary(skippable, 'no-such-program'), undefined);
  t.same(plans, ['0 no-such-program is not installed']);
});

t.test('nobody listens on a free port', async (t) => {
  const socket = connect(await freePort(), '127.0.0.1');
  const error = await new Promise((resolve) =>
    socket.on('error', resolve).on('connect', () => resolve('connected')),
  );
  t.match(error, { code: 'ECONNREFUSED' });
});
