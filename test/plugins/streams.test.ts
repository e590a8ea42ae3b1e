import t from 'tap';
import { serve } from './serve.js';

t.test('a stream begins at once, with its headers, a comment and a retry within bounds', async (t) => {
  const gateway = await serve(t, (origin) => ({
    channels: { prices: { url: origin, retryMinMs: 2_000, retryMaxMs: 3_000 } },
  }));
  const clients = await Promise.all(Array.from({ length: 20 }, () => gateway.reader()));
  for (const { status, headers, retry, comments, count } of clients) {
    t.equal(status, 200);
    t.match(headers, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-store, no-transform',
      'x-accel-buffering': 'no',
      'sse-gateway-resume': 'fresh',
    });
    t.strictSame(comments, ['']);
    t.equal(count, 0);
    t.ok(retry! >= 2_000 && retry! <= 3_000, `${retry}`);
  }
  t.ok(new Set(clients.map(({ retry }) => retry)).size > 10, 'not the same for all');
});

t.test('a stream begins while its upstream is still awaited, after connectWaitMs', async (t) => {
  const gateway = await serve(t, (origin) => ({ channels: { prices: { url: origin, connectWaitMs: 100 } } }));
  gateway.upstream.respond(() => true);
  const client = await gateway.reader();
  t.equal(client.status, 200);
  t.equal(gateway.app.sseGateway.stats().channels['prices']?.state, 'connecting');
});

t.test('a stream begins though its upstream cannot be reached: that may pass', async (t) => {
  const gateway = await serve(t, { channels: { prices: { url: 'http://127.0.0.1:9/' } } });
  t.equal((await gateway.reader()).status, 200);
});

t.test('what the upstream sends right behind its head is for the client that made it connect', async (t) => {
  const gateway = await serve(t);
  gateway.upstream.respond({
    headers: { 'content-type': 'text/event-stream' },
    body: 'event: snapshot\ndata: all of it\n\n',
    hold: true,
  });
  const clients = [gateway.client(), gateway.client()];
  for (const client of clients) {
    await client.waitFor(1);
    t.match(client.events, [{ type: 'snapshot', data: 'all of it' }]);
    t.equal(client.headers['sse-gateway-resume'], 'fresh');
  }
});

t.test(
  'however many clients there are, the upstream has one connection, and none a while after the last',
  async (t) => {
    const gateway = await serve(t, (origin) => ({ channels: { prices: { url: origin, lingerMs: 50 } } }));
    const clients = await Promise.all(Array.from({ length: 50 }, () => gateway.reader()));
    await gateway.upstream.waitForConnections(1);
    t.equal(gateway.upstream.socketsTotal, 1);
    for (const client of clients) client.destroy();
    await gateway.upstream.waitForConnections(0);
    await gateway.waitForState('idle');
    await gateway.live();
    t.equal(gateway.upstream.socketsTotal, 2);
  },
);

t.test('every event reaches every client whole, in order, whatever is in it', async (t) => {
  const gateway = await serve(t);
  const clients = [await gateway.live(), await gateway.reader()];
  gateway.upstream.publish({ id: 'é', event: 'naïve', data: 'line\nbreaks\n\nand 日本 ' });
  gateway.upstream.write(': a comment\nretry: 1\n\ndata\ndata:  x\n\nid: 7\n\nevent: none\n\n');
  gateway.upstream.write('data: crlf\r\ndata: too\r\n\r\n');
  gateway.upstream.publish({ id: 'z', data: 'end' });
  for (const client of clients) {
    await client.waitFor((client) => client.lastEventId === 'z', 'the last event');
    t.match(client.events.slice(0, 3), [
      { id: 'é', type: 'naïve', data: 'line\nbreaks\n\nand 日本 ' },
      { type: 'message', data: '\n x' },
      { type: 'message', data: 'crlf\ntoo' },
    ]);
    t.equal(client.commentCount, 1, "the upstream's comments are not forwarded");
    t.ok(client.retry! >= 1_000, 'nor is its retry');
  }
  t.strictSame(clients[0]!.events, clients[1]!.events);
});

t.test('a silent stream has heartbeats', async (t) => {
  const gateway = await serve(t, (origin) => ({ channels: { prices: { url: origin, heartbeatMs: 100 } } }));
  const client = await gateway.live();
  await client.waitFor(({ commentCount }) => commentCount >= 4, 'three heartbeats behind the preamble');
  t.equal(client.count, 0);
  t.match(client.body.toString(), /^:\nretry: \d+\n\n:\n\n:\n\n:\n\n/);
});

t.test('a stream with data has none', async (t) => {
  // Long enough that no pause of a busy machine is taken for silence.
  const gateway = await serve(t, (origin) => ({ channels: { prices: { url: origin, heartbeatMs: 1_000 } } }));
  const client = await gateway.live();
  gateway.upstream.start(50);
  await client.waitFor(75, 'events over one and a half heartbeats');
  t.equal(client.commentCount, 1, 'that of the preamble');
});

t.test('maxAgeMs ends a stream with whole events, and the next goes on behind them', async (t) => {
  const gateway = await serve(t, (origin) => ({
    channels: { prices: { url: origin, maxAgeMs: 300, heartbeatMs: 100 } },
  }));
  let client = await gateway.live({ keep: 'check' });
  gateway.upstream.start(1_000);
  await client.waitFor(1);
  for (let life = 0; life < 4; life += 1) {
    t.match(await client.waitForClose(), { why: 'complete', atBoundary: true });
    client = client.reconnect();
    await client.opened();
    t.equal(client.headers['sse-gateway-resume'], 'exact');
  }
  gateway.upstream.stop();
  await client.waitFor(
    ({ lastEventId }) => lastEventId === String(gateway.upstream.number),
    'the last event',
  );
  t.ok(client.check?.contiguous, String(client.check));
  t.equal(client.check?.events, gateway.upstream.number);
});

t.test('a foreign event cannot break out of its frame', async (t) => {
  const gateway = await serve(t);
  const client = await gateway.live();
  gateway.upstream.write(
    Buffer.from('data: a\xff\xfeb\n\nid: x\0y\ndata: nul\n\ndata: cr\rdata: two\n\n', 'latin1'),
  );
  gateway.upstream.write('\ufeffdata: no field\n\ndata: fin\n\n');
  await client.waitFor((client) => client.events.at(-1)?.data === 'fin', 'the last event');
  t.strictSame(client.data, ['a\ufffd\ufffdb', 'nul', 'cr\ntwo', 'fin']);
  t.notMatch(client.body.toString('latin1'), /[\0\r]/);
});
