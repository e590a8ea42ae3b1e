import t from 'tap';
import { until } from '../helpers/waits.js';
import { serve } from './serve.js';

t.test("the upstream's 204 is the client's 204", async (t) => {
  const gateway = await serve(t);
  gateway.upstream.respond({ status: 204 });
  const first = await gateway.ask('/events/prices');
  t.equal(first.status, 204);
  t.equal((await gateway.ask('/events/prices')).status, 204);
  t.equal(gateway.upstream.requests.length, 1, 'and is remembered');
});

t.test('an upstream that stopped for good is 502 with the time until it may be tried again', async (t) => {
  const answers = {
    401: { status: 401 },
    403: { status: 403 },
    404: { status: 404 },
    410: { status: 410 },
    html: { status: 200, headers: { 'content-type': 'text/html' }, body: '<p>' },
    'no type': { status: 200 },
    charset: { status: 200, headers: { 'content-type': 'text/event-stream; charset=latin1' } },
  };
  for (const [name, answer] of Object.entries(answers)) {
    const gateway = await serve(t, (origin) => ({
      channels: { prices: { url: origin, retryFailedMs: 42_500 } },
    }));
    gateway.upstream.respond(answer);
    for (const turn of ['the first client', 'a later one']) {
      const { status, headers, text } = await gateway.ask('/events/prices');
      t.equal(status, 502, `${name}: ${turn}`);
      t.match(JSON.parse(text), { code: 'SSE_GATEWAY_UPSTREAM_FAILED' });
      const after = Number(headers.get('retry-after'));
      t.ok(after > 30 && after <= 43, `Retry-After ${after}`);
    }
    t.equal(gateway.upstream.requests.length, 1);
    t.equal(gateway.subscribers, 0);
  }
});

t.test('after retryFailedMs the next client opens one attempt', async (t) => {
  const gateway = await serve(t, (origin) => ({ channels: { prices: { url: origin, retryFailedMs: 1 } } }));
  gateway.upstream.respond({ status: 404 }, 1);
  t.equal((await gateway.ask('/events/prices')).status, 502);
  await until(
    () => gateway.app.sseGateway.stats().channels['prices']?.retryInMs === 0,
    () => 'the wait is not over',
  );
  const client = await gateway.live();
  t.equal(client.status, 200);
  t.equal(gateway.upstream.requests.length, 2);
});

t.test('the subscribers of a channel that fails are told, and closed as upstream-failed', async (t) => {
  const reasons: unknown[] = [];
  const gateway = await serve(t, (origin) => ({
    channels: { prices: { url: origin, backoffBaseMs: 1, backoffMinMs: 1 } },
    onStream: (_request, { type, reason }) => type === 'close' && reasons.push(reason),
  }));
  const clients = [await gateway.live(), await gateway.live()];
  gateway.upstream.respond({ status: 410 });
  gateway.upstream.cutAll();
  for (const client of clients) {
    t.match(await client.waitForClose(), { why: 'complete', atBoundary: true });
    t.match(client.events.at(-1), { type: 'gateway.end', data: '{"reason":"SSE_GATEWAY_UPSTREAM_STATUS"}' });
  }
  await gateway.waitForSubscribers(0);
  t.strictSame(reasons, ['upstream-failed', 'upstream-failed']);
});

t.test('a client that leaves while the first connect waits leaves nothing behind', async (t) => {
  let streams = 0;
  const gateway = await serve(t, (origin) => ({
    channels: { prices: { url: origin, lingerMs: 0 } },
    onStream: () => {
      streams += 1;
    },
  }));
  let answer: () => void = () => undefined;
  gateway.upstream.respond((_request, response) => {
    answer = () => response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    return true;
  });
  const gone = new Promise((resolve) => {
    gateway.app.server.once('connection', (socket) => socket.once('close', resolve));
  });
  const early = gateway.client();
  await gateway.upstream.waitForRequests(1);
  early.destroy();
  await gone;
  answer();
  await gateway.waitForState('idle');
  t.equal(gateway.subscribers, 0);
  t.equal(streams, 0, 'a stream that never began is not told of');
  await until(
    () => gateway.upstream.sockets === 0,
    () => `${gateway.upstream.sockets} sockets at the upstream`,
  );
});

t.test(
  'a template that is full refuses another channel, keeps those it has, and forgets an idle one',
  async (t) => {
    const gateway = await serve(t, (origin) => ({
      channels: { 'rooms/:room': { url: `${origin}/:room`, maxChannels: 2 } },
    }));
    const a = await gateway.live({ path: '/events/rooms/a' });
    const b = await gateway.reader({ path: '/events/rooms/b' });
    const refused = await gateway.ask('/events/rooms/c');
    t.equal(refused.status, 503);
    t.match(JSON.parse(refused.text), { code: 'SSE_GATEWAY_CHANNEL_LIMIT' });
    t.throws(() => gateway.app.sseGateway.publish('rooms/c', { data: 'x' }), {
      code: 'SSE_GATEWAY_CHANNEL_LIMIT',
    });
    const again = await gateway.reader({ path: '/events/rooms/a' });
    t.equal(again.status, 200, 'a channel that is there takes more clients');
    b.destroy();
    await gateway.waitForSubscribers(2);
    t.equal((await gateway.reader({ path: '/events/rooms/c' })).status, 200);
    t.strictSame(Object.keys(gateway.app.sseGateway.stats().channels), ['rooms/a', 'rooms/c']);
    t.equal(a.ended, undefined);
  },
);
