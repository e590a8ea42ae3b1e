import t from 'tap';
import { SseClient } from '../helpers/sse-client.js';
import { command, portOf } from './command.js';

t.test('the demo tells its addresses, and all of them answer', async (t) => {
  const child = command(t, ['demo', '--port', '0']);
  const port = await portOf(child);
  const origin = `http://127.0.0.1:${port}`;
  await child.waitForLine(/Ctrl-C/);
  const told = child.stdout.join('\n');
  for (const path of ['/', '/events/demo', '/health', '/metrics', '/demo/cut']) {
    t.match(told, `${origin}${path}`);
  }
  t.match(told, `curl -N -H 'Last-Event-ID: <an id you saw>' ${origin}/events/demo`);
  t.notMatch(told, /[{\u001b]/, 'neither JSON nor colours');

  const reader = new SseClient({ port, path: '/events/demo' });
  t.teardown(() => reader.destroy());
  await reader.waitFor(1);

  const page = await fetch(origin);
  t.equal(page.status, 200);
  t.match(page.headers.get('content-type'), /^text\/html/);
  t.match(page.headers.get('content-security-policy'), /^default-src 'none'; script-src 'sha256-/);
  t.match(await page.text(), /^<!doctype html>/);
  t.match(await (await fetch(`${origin}/metrics`)).text(), /sse_gateway_subscribers/);

  const first = JSON.parse(reader.data[0]!) as { n: number };
  t.equal((await fetch(`${origin}/demo/cut`, { method: 'POST' })).status, 204);
  await child.waitForLine(/^\d\d:\d\d:\d\d warn {2}upstream lost .*channel=demo/);
  const seen = reader.count;
  await reader.waitFor(seen + 8);
  const numbers = reader.data.map((data) => (JSON.parse(data) as { n: number }).n);
  t.same(
    numbers,
    numbers.map((_, i) => first.n + i),
    'the cut is no hole',
  );

  child.kill('SIGINT');
  t.match(await reader.waitForClose(), { why: 'complete', atBoundary: true });
  t.same(await child.waitForExit(), { code: 0, signal: null });
  t.same(child.stderr, []);
});
