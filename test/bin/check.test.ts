import { join } from 'node:path';
import t, { type Test } from 'tap';
import { command } from './command.js';

function file(t: Test, config: unknown): string {
  return join(t.testdir({ 'gateway.json': JSON.stringify(config) }), 'gateway.json');
}

const WISE = { channels: { a: { url: 'http://up/', replay: true } } };
const UNWISE = { ...WISE, defaults: { heartbeatMs: 60_000 }, listen: { host: '0.0.0.0' } };

t.test('a wise file is ok', async (t) => {
  const path = file(t, WISE);
  const child = command(t, ['check', path, '--strict']);
  t.same(await child.waitForExit(), { code: 0, signal: null });
  t.same(child.stdout, [`${path}: ok, 1 channel`]);
});

t.test('what is not wise is said, and an error only when strict', async (t) => {
  const path = file(t, UNWISE);
  const child = command(t, ['check', path]);
  const strict = command(t, ['check', '--strict', path]);
  t.same(await child.waitForExit(), { code: 0, signal: null });
  t.match(child.stdout, [
    /: ok, 1 channel$/,
    /^warning: channels\.a\.heartbeatMs: /,
    /^hint: listen\.host: /,
  ]);
  t.same(await strict.waitForExit(), { code: 1, signal: null });
  t.same(strict.stdout, child.stdout);
});

t.test('a hint is no error even when strict', async (t) => {
  const child = command(t, ['check', '--strict', file(t, { channels: { a: { url: 'http://up/' } } })]);
  t.same(await child.waitForExit(), { code: 0, signal: null });
  t.match(child.stdout[1], /^hint: channels\.a\.replay: /);
});

t.test('an invalid file is told on stderr, with exit code 1', async (t) => {
  const path = file(t, { channels: { a: { url: 'http://up/', retainByte: 1 } } });
  const child = command(t, ['check', path]);
  t.same(await child.waitForExit(), { code: 1, signal: null });
  t.same(child.stdout, []);
  t.equal(child.stderr.length, 1);
  t.match(child.stderr[0], `${path}: sse-gateway option channels.a.retainByte: unknown option`);
});
