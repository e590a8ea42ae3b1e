import t, { type Test } from 'tap';
import { ManualClock } from './manual-clock.js';
import { ScriptedUpstream, type UpstreamOptions } from './scripted-upstream.js';
import { SseClient } from './sse-client.js';
import type { SseClientOptions } from './sse-request.js';

async function listen(t: Test, options?: UpstreamOptions) {
  const upstream = await ScriptedUpstream.listen(options);
  t.teardown(() => upstream.close());
  /** A client whose stream the upstream has open. */
  const client = async (options: Partial<SseClientOptions> = {}) => {
    const client = new SseClient({ port: upstream.port, path: '/events', ...options });
    t.teardown(() => client.destroy());
    await client.opened();
    return client;
  };
  return { upstream, client };
}

t.test('what is published goes to every open stream, and the next one picks up behind its id', async (t) => {
  const { upstream, client } = await listen(t);
  const [a, b] = [await client(), await client()];
  t.equal(upstream.connections, 2);
  upstream.publish({ id: 'é1', data: 'one' });
  upstream.publish({ event: 'x', data: 'two\nlines' });
  await Promise.all([a.waitFor(2), b.waitFor(2)]);
  t.same(a.events, b.events);
  t.match(a.events, [
    { id: 'é1', type: 'message', data: 'one' },
    { idField: undefined, type: 'x', data: 'two\nlines' },
  ]);
  const again = await a.reconnect().waitFor(1);
  t.same(again.data, ['two\nlines']);
  t.equal((await upstream.waitForRequests(3)).lastEventId, 'é1');
  await upstream.waitForConnections(2);
  t.match(upstream, { streamsTotal: 3, socketsTotal: 3, sockets: 2 });
});

t.test('replay is by Last-Event-ID, or of everything, or off', async (t) => {
  const seen: string[] = [];
  for (const replay of [true, false, 'all'] as const) {
    const { upstream, client } = await listen(t, { replay });
    upstream.publishNumbered(3);
    for (const lastEventId of ['2', 'unknown', undefined]) {
      const each = await client({ lastEventId });
      const live = `live for ${lastEventId}`;
      upstream.publish({ data: live });
      await each.waitFor((client) => client.data.at(-1) === live);
      const numbers = each.events.map((event) => event.idField ?? '.').join('');
      seen.push(`${replay} ${lastEventId} ${numbers}`);
    }
  }
  t.same(seen, [
    'true 2 3.',
    'true unknown .',
    'true undefined .',
    'false 2 .',
    'false unknown .',
    'false undefined .',
    'all 2 123.',
    'all unknown 123..',
    'all undefined 123...',
  ]);
});

t.test('numbers come at the rate the clock says, with ids or without, padded or not', async (t) => {
  const time = new ManualClock();
  const { upstream, client } = await listen(t, { time, ids: false, dataBytes: 100 });
  const each = await client();
  upstream.start(1_000);
  time.advance(95);
  t.equal(upstream.number, 90);
  upstream.stop();
  time.advance(1_000);
  await each.waitFor(90);
  t.equal(each.count, 90);
  t.ok(each.data.every((data, at) => data.length === 100 && JSON.parse(data).n === at + 1));
  t.ok(each.events.every((event) => event.idField === undefined));

  const slow = await ScriptedUpstream.listen({ time });
  t.teardown(() => slow.close());
  slow.start(2);
  time.advance(2_400);
  t.equal(slow.number, 4);
  t.equal(slow.publishNumbered(3), 7);
});

t.test('line ends, retry and heartbeats are what the options say', async (t) => {
  for (const newline of ['\r\n', '\r'] as const) {
    const time = new ManualClock();
    const { upstream, client } = await listen(t, { newline, retryMs: 1234, heartbeatMs: 500, time });
    const each = await client();
    time.advance(500);
    upstream.publish({ id: '1', event: 'e', data: 'a\nb' });
    upstream.publish({ data: '' });
    await each.waitFor(2);
    const lines = [
      'retry: 1234',
      '',
      ':',
      '',
      'id: 1',
      'event: e',
      'data: a',
      'data: b',
      '',
      'data: ',
      '',
      '',
    ];
    t.equal(each.body.toString(), lines.join(newline));
    t.equal(each.retry, 1234);
    each.destroy();
    await upstream.waitForConnections(0);
    t.equal(time.pending, 0, 'a heartbeat ends with its stream');
  }
});

t.test('a cut is inside the body, a reset is an RST, an end is clean', async (t) => {
  const { upstream, client } = await listen(t);
  const ways = {
    cut: () => upstream.cutAll(),
    reset: () => upstream.cutAll('reset'),
    complete: () => upstream.endAll(),
  };
  for (const [why, end] of Object.entries(ways)) {
    const each = await client();
    upstream.publish({ data: 'a' });
    upstream.write('data: fragment');
    // An RST that overtakes the reading of the data would look like a FIN.
    if (why === 'reset') await each.waitFor((client) => client.body.length > 20, 'the fragment');
    end();
    t.match(await each.waitForClose(), { why, atBoundary: false });
    t.equal(each.count, 1);
    await upstream.waitForConnections(0);
  }
});

t.test('scripted answers take as many requests over as asked, as HTTP or as literal bytes', async (t) => {
  const { upstream, client } = await listen(t);
  upstream.respond({ status: 503, headers: { 'retry-after': '7' }, body: 'busy' }, 2);
  for (const status of [503, 503, 200]) t.equal((await client()).status, status);
  upstream.respond({ raw: 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc' });
  t.match(await (await client()).waitForClose(), { why: 'cut' });
  upstream.respond({ headers: { 'content-type': 'text/event-stream' }, body: 'data: a\n\n', hold: true });
  t.same((await (await client()).waitFor(1)).data, ['a']);
  upstream.respond((request, response) => {
    if (request.headers['x-take'] !== 'me') return false;
    response.writeHead(204).end();
    return true;
  });
  t.equal((await client({ headers: { 'X-Take': 'me' } })).status, 204);
  t.equal((await client()).status, 200);
  upstream.respond(undefined);
  t.equal((await client({ headers: { 'X-Take': 'me' } })).status, 200);
  t.match(upstream.requests.at(-1), {
    method: 'GET',
    url: '/events',
    httpVersion: '1.1',
    headers: { 'x-take': 'me' },
  });
});

t.test('it remembers as many events as it is told to, at least', async (t) => {
  const { upstream, client } = await listen(t, { history: 10, replay: 'all' });
  upstream.publishNumbered(1_000);
  const each = await client();
  await each.waitFor((client) => client.lastEventId === '1000');
  t.ok(each.count >= 10 && each.count <= 15, `${each.count}`);
});

t.test('a wait that fails tells the streams and the requests', async (t) => {
  const { upstream, client } = await listen(t);
  await client({ lastEventId: '5' });
  await t.rejects(upstream.waitForConnections(9, 1), {
    message: /9 open streams.*1 streams.*GET \/events 5/,
  });
});

t.test('closed it frees its port, and another one can take the place', async (t) => {
  const { upstream, client } = await listen(t);
  const { port } = upstream;
  const each = await client();
  await upstream.close();
  t.match(await each.waitForClose(), { why: 'cut' });
  const next = await ScriptedUpstream.listen({ port });
  t.equal(next.port, port);
  await next.close();
});
