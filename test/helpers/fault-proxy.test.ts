import t, { type Test } from 'tap';
import { FaultProxy } from './fault-proxy.js';
import { killSchedule } from './kill-schedule.js';
import { ManualClock } from './manual-clock.js';
import { rawRequest } from './raw-http.js';
import { ScriptedUpstream } from './scripted-upstream.js';
import { SseClient } from './sse-client.js';
import type { SseClientOptions } from './sse-request.js';

async function listen(t: Test) {
  const upstream = await ScriptedUpstream.listen({ dataBytes: 60 });
  const proxy = await FaultProxy.listen(upstream.port);
  t.teardown(() => Promise.all([upstream.close(), proxy.close()]));
  const client = async (options: Partial<SseClientOptions> = {}) => {
    const client = new SseClient({ port: proxy.port, path: '/events', ...options });
    t.teardown(() => client.destroy());
    await client.opened();
    return client;
  };
  return { upstream, proxy, client };
}

t.test('without a fault every byte passes in both directions and is counted', async (t) => {
  const { upstream, proxy, client } = await listen(t);
  const each = await client();
  upstream.publish({ data: 'x'.repeat(3_000_000) });
  upstream.publishNumbered(100);
  await each.waitFor(101);
  t.equal(each.data[0]?.length, 3_000_000);
  t.equal(proxy.bytesDown, each.bytes);
  t.ok(proxy.bytesUp > 50);
  t.equal(proxy.tail.length, 256);
  t.match(proxy.tail.toString(), '"n":100');
  t.match(proxy, { connections: 1, connectionsTotal: 1 });
  each.destroy();
  await Promise.all([proxy.waitForConnections(0), upstream.waitForConnections(0)]);
});

t.test('a clean end and a broken connection of the server reach the client as what they are', async (t) => {
  const { upstream, client } = await listen(t);
  const ways = {
    complete: () => upstream.endAll(),
    cut: () => upstream.cutAll(),
    reset: () => upstream.cutAll('reset'),
  };
  for (const [why, end] of Object.entries(ways)) {
    const each = await client();
    end();
    t.match(await each.waitForClose(), { why });
    await upstream.waitForConnections(0);
  }
});

t.test('a cut falls on the very byte, or inside an event, or between two', async (t) => {
  const { upstream, proxy, client } = await listen(t);
  for (const how of ['fin', 'rst'] as const) {
    for (const [where, inside] of [
      ['offset', undefined],
      ['inside', true],
      ['boundary', false],
    ] as const) {
      for (let after = 1_000; after < 1_100; after += 23) {
        const each = await client();
        proxy.cutAfter(after, { how, where });
        upstream.publishNumbered(50);
        const cut = await proxy.waitForCuts(proxy.cuts.length + 1);
        const closed = await each.waitForClose();
        const context = `${how} ${where} ${after}`;
        t.equal(closed.why, how === 'fin' ? 'cut' : 'reset', context);
        t.equal(each.bytes, cut.bytes, context);
        t.equal(closed.atBoundary, !cut.inside, context);
        t.ok(cut.tail.length === 256 && proxy.tail.equals(cut.tail), context);
        if (where === 'offset') t.equal(cut.bytes, after);
        else t.ok(cut.inside === inside && cut.bytes >= after && cut.bytes < after + 150, context);
        await upstream.waitForConnections(0);
      }
    }
  }
});

t.test('cuts and resets at once end every connection on both sides', async (t) => {
  const { upstream, proxy, client } = await listen(t);
  for (const [why, end] of Object.entries({ cut: () => proxy.cutNow(), reset: () => proxy.resetNow() })) {
    const both = [await client(), await client()];
    end();
    for (const each of both) t.match(await each.waitForClose(), { why });
    await upstream.waitForConnections(0);
    t.equal(proxy.connections, 0);
  }
});

t.test('stalled nothing passes and nothing closes; resumed everything comes', async (t) => {
  const { upstream, proxy, client } = await listen(t);
  const each = await client();
  proxy.stall();
  const before = proxy.bytesDown;
  upstream.publishNumbered(20);
  // A second connection round trip past the proxy: by then the bytes have arrived at it.
  const past = new SseClient({ port: upstream.port, path: '/events', lastEventId: '1' });
  await past.waitFor(19);
  past.destroy();
  t.equal(proxy.bytesDown, before);
  t.equal(each.ended, undefined);
  proxy.resume();
  await each.waitFor(20);
});

t.test('sliced to single bytes the stream is the same, in as many reads', async (t) => {
  const { upstream, proxy, client } = await listen(t);
  const each = await client();
  proxy.slice(1);
  upstream.publishNumbered(5);
  let reads = 0;
  await each.waitFor((client) => ++reads > 0 && client.count === 5);
  t.ok(reads > 100, `${reads} reads`);
});

t.test('delayed bytes come in order when the clock says so, and the end behind them', async (t) => {
  const { upstream, proxy, client } = await listen(t);
  const time = new ManualClock();
  const each = await client();
  proxy.delay(500, time);
  upstream.publishNumbered(1);
  await t.rejects(each.waitFor(1, undefined, 20), /20 ms passed/);
  while (time.pending === 0) await new Promise((resolve) => setImmediate(resolve));
  time.advance(499);
  t.equal(each.count, 0);
  // An event may come in more than one piece, each delayed from its own arrival.
  const elapse = async (count: number): Promise<void> => {
    while (each.count < count) {
      time.advance(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await elapse(1);
  upstream.publishNumbered(1);
  while (time.pending === 0) await new Promise((resolve) => setImmediate(resolve));
  time.advance(250);
  proxy.delay(0);
  upstream.publishNumbered(1);
  await t.rejects(
    each.waitFor(2, undefined, 20),
    /20 ms passed/,
    'what is no longer delayed overtakes nothing',
  );
  await elapse(3);
  t.same(
    each.events.map((event) => event.id),
    ['1', '2', '3'],
  );
  proxy.delay(500, time);
  upstream.publishNumbered(1);
  upstream.cutAll();
  while (time.pending < 2) await new Promise((resolve) => setImmediate(resolve));
  time.advance(499);
  t.equal(each.ended, undefined);
  time.advance(1);
  t.match(await each.waitForClose(), { why: 'cut' });
  t.equal(each.count, 4);
});

t.test('refused connections are accepted and dropped, open ones stay', async (t) => {
  const { upstream, proxy, client } = await listen(t);
  const open = await client();
  proxy.refuse(true);
  const closed = await new SseClient({ port: proxy.port }).waitForClose();
  t.match(closed.why, /^(cut|reset)$/);
  upstream.publishNumbered();
  await open.waitFor(1);
  proxy.refuse(false);
  await client();
  t.equal(proxy.connectionsTotal, 3);
});

t.test('a client that resumes through a schedule of kills has every number once', async (t) => {
  const { upstream, proxy, client } = await listen(t);
  const kills = killSchedule(11, 12, { minBytes: 400, maxBytes: 4_000 });
  let each = await client({ lastEventId: '0', keep: 'check' });
  upstream.start(5_000);
  await each.waitFor(1);
  for (const [at, kill] of kills.entries()) {
    proxy.cutAfter(kill.after, kill);
    await proxy.waitForCuts(at + 1);
    await each.waitForClose();
    each = each.reconnect();
  }
  upstream.stop();
  await each.waitFor((client) => client.lastEventId === String(upstream.number));
  t.ok(each.check?.contiguous, String(each.check));
  t.equal(each.check?.events, upstream.number);
  t.ok(proxy.cuts.filter((cut) => cut.inside).length >= 4);
});

t.test(
  'a connection that is kept for a second response is passed on, and cut where it should be',
  async (t) => {
    const { upstream, proxy } = await listen(t);
    upstream.respond({ body: 'one\nresponse', headers: { 'content-type': 'text/plain' } }, 2);
    const request = 'GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const connection = rawRequest(proxy.port, request);
    t.teardown(() => connection.destroy());
    await connection.waitFor('one\nresponse');
    connection.send(request);
    await connection.waitFor(/response[\s\S]*one\nresponse/);
    connection.send(request);
    await upstream.waitForConnections(1);
    proxy.cutAfter(700, { where: 'inside' });
    upstream.publishNumbered(20);
    const cut = await proxy.waitForCuts(1);
    t.ok(cut.inside);
    t.match(await connection.waitForClose(), /"n":1,/);
    t.equal(proxy.connectionsTotal, 1);
  },
);
