import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { ScriptedUpstream } from '../helpers/scripted-upstream.js';
import { COMMAND, command } from './command.js';

async function upstreamFor(t: Test): Promise<ScriptedUpstream> {
  const upstream = await ScriptedUpstream.listen({ retryMs: 100 });
  t.teardown(() => upstream.close());
  return upstream;
}

t.test('events are printed, and a cut of the stream loses none', async (t) => {
  const upstream = await upstreamFor(t);
  const child = command(t, ['tail', upstream.url, '--header', 'X-Token: t']);
  await upstream.waitForConnections(1);
  t.equal(upstream.requests[0]!.headers['x-token'], 't');
  t.equal(upstream.requests[0]!.lastEventId, undefined);
  upstream.publishNumbered(5);
  await child.waitForLine(/^5 message \{"n":5,/);
  upstream.write('id: 6\ndata: {"n":6');
  upstream.cutAll();
  upstream.publishNumbered(5);
  await child.waitForLine(/^10 message /);
  upstream.publishNumbered(1);
  await child.waitForLine(/^11 message /);
  t.same(
    child.stdout.map((line) => Number(line.split(' ')[0])),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
  );
  t.equal(upstream.requests[1]!.lastEventId, '5');
  t.match(child.stderr, [
    '* connected',
    /^\* http:\/\/127\.0\.0\.1:\d+\/events: connection broke .*; connecting again in \d\.\d s$/,
    '* connected, going on behind 5',
  ]);
  child.kill('SIGINT');
  t.same(await child.waitForExit(), { code: 0, signal: null });
});

t.test('--json is one object per line, and begins behind the id that is named', async (t) => {
  const upstream = await upstreamFor(t);
  upstream.publishNumbered(2);
  const child = command(t, ['tail', upstream.url, '--json', '--last-event-id', '1']);
  await upstream.waitForConnections(1);
  upstream.publish({ event: 'x', data: 'a\nb' });
  upstream.publish({ event: 'gateway.gap', data: '{"reason":"trimmed","lost":3}' });
  await child.waitForLine(/gateway\.gap/);
  await child.waitForLine(/gap: trimmed, 3 events lost/);
  const [first, ...others] = child.stdout.map((line) => JSON.parse(line) as { id: string; data: string });
  t.match(first, { id: '2', event: 'message', data: /"n":2/ });
  t.same(others, [
    { id: '2', event: 'x', data: 'a\nb' },
    { id: '2', event: 'gateway.gap', data: '{"reason":"trimmed","lost":3}' },
  ]);
  child.kill('SIGTERM');
  t.same(await child.waitForExit(), { code: 0, signal: null });
});

t.test('for people a gap is told beside the stream', async (t) => {
  const upstream = await upstreamFor(t);
  const child = command(t, ['tail', upstream.url]);
  await upstream.waitForConnections(1);
  upstream.publish({ event: 'gateway.gap', data: '{"reason":"upstream","lost":null}' });
  upstream.publish({ id: 'x', data: 'next' });
  await child.waitForLine(/^x message next$/);
  t.same(child.stdout, ['x message next']);
  t.ok(child.stderr.includes('* gap: upstream, it is not known what was lost'));
});

t.test('an upstream that is not there is waited for, without a socket to stay alive by', async (t) => {
  const upstream = await upstreamFor(t);
  upstream.respond({ status: 503 }, 1);
  const child = command(t, ['tail', upstream.url]);
  await child.waitForLine(/connecting again in \d\.\d s/);
  await upstream.waitForConnections(1);
  upstream.publish({ data: 'up' });
  await child.waitForLine(/^- message up$/);
  t.equal(upstream.requests.length, 2);
});

t.test('a signal ends the wait for an upstream too', async (t) => {
  const upstream = await upstreamFor(t);
  upstream.respond({ status: 503, headers: { 'retry-after': '100' } });
  const child = command(t, ['tail', upstream.url]);
  await child.waitForLine(/connecting again in 1\d\d\.\d s/);
  child.kill('SIGINT');
  t.same(await child.waitForExit(), { code: 0, signal: null });
});

t.test('a stream that is refused for good ends it with exit code 1', async (t) => {
  const upstream = await upstreamFor(t);
  upstream.respond({ status: 404 });
  const child = command(t, ['tail', upstream.url]);
  t.same(await child.waitForExit(), { code: 1, signal: null });
  t.match(child.stderr, [/404.*; not connecting again$/]);
  t.same(child.stdout, []);
});

t.test('a reader that has seen enough ends it quietly', async (t) => {
  const upstream = await upstreamFor(t);
  const child = spawn(process.execPath, [COMMAND, 'tail', upstream.url], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  let told = '';
  child.stderr.on('data', (chunk) => (told += chunk));
  await upstream.waitForConnections(1);
  upstream.publishNumbered(1);
  await once(child.stdout, 'data');
  child.stdout.destroy();
  upstream.start(100);
  const [code] = await once(child, 'close');
  t.equal(code, 0);
  t.equal(told, '* connected\n');
});
