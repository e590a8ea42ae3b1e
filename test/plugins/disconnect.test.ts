import t from 'tap';
import type { StreamInfo } from '../../plugins/options.js';
import type { OpenStream } from '../../plugins/plugin.js';
import { scrape } from './scrape.js';
import { serve } from './serve.js';

const by = (user: string) => ({ headers: { 'x-user': user, accept: 'text/event-stream' } });

t.test('the chosen streams end with whole events, the others go on', async (t) => {
  const reasons: Record<string, string[]> = {};
  const onStream = (request: OpenStream['request'], { reason }: StreamInfo) => {
    const user = String(request.headers['x-user']);
    if (reason !== undefined) reasons[user] = [...(reasons[user] ?? []), reason];
  };
  const gateway = await serve(t, { onStream });
  const amy = [await gateway.live(by('amy')), await gateway.reader(by('amy'))];
  const ben = await gateway.reader(by('ben'));
  gateway.upstream.publishNumbered(3);
  await Promise.all([...amy, ben].map((client) => client.waitFor(3)));
  const before = await scrape(gateway);

  // In the same turn: what is published is sent before the end.
  gateway.app.sseGateway.publish('prices', { id: 'last', data: 'x' });
  const ended = gateway.app.sseGateway.disconnect(({ request }) => request.headers['x-user'] === 'amy');
  t.equal(ended, 2);
  for (const client of amy) {
    t.match(await client.waitForClose(), { why: 'complete', atBoundary: true });
    t.equal(client.lastEventId, 'last');
  }
  await gateway.waitForSubscribers(1);
  t.strictSame(reasons, { amy: ['disconnected', 'disconnected'] });
  t.equal(before.get('client_disconnects_total{reason="disconnected"}'), undefined);
  t.equal((await scrape(gateway)).get('client_disconnects_total{reason="disconnected"}'), 2);

  gateway.upstream.publishNumbered(1);
  await ben.waitFor(5);
  t.equal(ben.ended, undefined);
  const back = await gateway.reader({ ...by('amy'), lastEventId: 'last' });
  await back.waitFor(1);
  t.equal(back.headers['sse-gateway-resume'], 'exact', 'they may come back, and miss nothing');
  t.strictSame(back.events[0]?.id, '4');
});

t.test(
  'the filter sees the request, the configured name and the channel of each open stream, once',
  async (t) => {
    const gateway = await serve(t);
    await gateway.live();
    await gateway.reader({ path: '/events/rooms/attic?a=1' });
    const gone = await gateway.reader({ path: '/events/rooms/cellar' });
    gone.destroy();
    await gateway.waitForSubscribers(2);
    const seen: string[] = [];
    const ended = gateway.app.sseGateway.disconnect(({ request, channel, key }) => {
      seen.push(`${request.url} ${channel} ${key}`);
      return false;
    });
    t.strictSame(seen, ['/events/prices prices prices', '/events/rooms/attic?a=1 rooms/:room rooms/attic']);
    t.equal(ended, 0);
    t.equal(gateway.subscribers, 2);
    t.equal(
      gateway.app.sseGateway.disconnect(({ channel }) => channel === 'rooms/:room'),
      1,
    );
    await gateway.waitForSubscribers(1);
    t.equal(
      gateway.app.sseGateway.disconnect(() => true),
      1,
    );
    await gateway.waitForSubscribers(0);
    t.equal(
      gateway.app.sseGateway.disconnect(() => true),
      0,
    );
  },
);

t.test('what a filter throws is the caller to have, and nobody is disturbed', async (t) => {
  const gateway = await serve(t);
  const clients = [await gateway.live(), await gateway.reader(), await gateway.reader()];
  let calls = 0;
  const filter = () => {
    calls += 1;
    if (calls === 2) throw new Error('mine');
    return true;
  };
  t.throws(() => gateway.app.sseGateway.disconnect(filter), { message: 'mine' });
  t.equal(calls, 2, 'one was chosen already');
  gateway.upstream.publishNumbered(1);
  for (const client of clients) await client.waitFor(1);
  t.equal(gateway.subscribers, 3);
});

t.test('streams of own routes can be chosen like any other', async (t) => {
  const gateway = await serve(
    t,
    {},
    {
      after: (app) =>
        app.get('/mine', async (request, reply) => {
          await app.sseGateway.subscribe(request, reply, 'prices');
          return reply;
        }),
    },
  );
  const other = await gateway.live();
  const client = await gateway.reader({ path: '/mine' });
  t.equal(
    gateway.app.sseGateway.disconnect(({ request }) => request.url === '/mine'),
    1,
  );
  t.match(await client.waitForClose(), { why: 'complete' });
  t.equal(other.ended, undefined);
});

t.test('a client that is far behind gets what is under way, whole, and no more', async (t) => {
  const reasons: unknown[] = [];
  const gateway = await serve(
    t,
    { onStream: (_request, { reason }) => reason !== undefined && reasons.push(reason) },
    { upstream: { dataBytes: 10_000 } },
  );
  const stuck = await gateway.live();
  const fast = await gateway.reader({ keep: 'last' });
  stuck.pause();
  while ((gateway.app.sseGateway.stats().channels['prices']?.maxLagBytes ?? 0) < 1_000_000) {
    gateway.upstream.publishNumbered(20);
    await fast.waitFor(gateway.upstream.number);
  }
  t.equal(
    gateway.app.sseGateway.disconnect(() => true),
    2,
  );
  t.match(await fast.waitForClose(), { why: 'complete' });
  stuck.resume();
  t.match(await stuck.waitForClose(), { why: 'complete', atBoundary: true });
  t.ok(stuck.count < gateway.upstream.number, `${stuck.count} of ${gateway.upstream.number} events`);
  await gateway.waitForSubscribers(0);
  t.strictSame(reasons, ['disconnected', 'disconnected']);
});
