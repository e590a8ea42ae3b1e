/** What a gateway that just started, or has forgotten, does for clients that stand somewhere in the upstream's history. */
import t, { type Test } from 'tap';
import type { ChannelOptions } from '../src/index.js';
import { ScriptedUpstream, type UpstreamOptions } from './helpers/scripted-upstream.js';
import { SseClient } from './helpers/sse-client.js';
import { listenGateway } from './interop/gateway.js';

const HISTORY = 100;

/** A gateway that knows nothing before an upstream with a history of ids 1 to 100. */
async function cold(t: Test, channel: Partial<ChannelOptions> = {}, upstreamOptions: UpstreamOptions = {}) {
  const upstream = await ScriptedUpstream.listen(upstreamOptions);
  t.teardown(() => upstream.close());
  upstream.publishNumbered(HISTORY);
  const gateway = await listenGateway(t, {
    pool: 'poison',
    channels: { prices: { url: upstream.url, replay: true, resumeWaitMs: 50, heartbeatMs: 100, ...channel } },
  });
  const client = (lastEventId?: string): SseClient => {
    const made = new SseClient({
      port: gateway.port,
      path: '/events/prices',
      ...(lastEventId === undefined ? {} : { lastEventId }),
    });
    t.teardown(() => made.destroy());
    return made;
  };
  return { upstream, gateway, client };
}

const numbers = (client: SseClient): number[] =>
  client.events
    .filter(({ type }) => type === 'message')
    .map(({ data }) => (JSON.parse(data) as { n: number }).n);
const gaps = (client: SseClient): unknown[] =>
  client.events.filter(({ type }) => type === 'gateway.gap').map(({ data }) => JSON.parse(data));
const from = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

t.test('the first client after a start goes on exactly where it stood', async (t) => {
  const { upstream, client } = await cold(t);
  const one = client('40');
  await one.waitFor(60);
  upstream.publishNumbered(5);
  await one.waitFor(65);
  t.same(numbers(one), from(41, 105));
  t.equal(one.headers['sse-gateway-resume'], 'exact');
  t.same(
    upstream.requests.map(({ lastEventId }) => lastEventId),
    ['40'],
  );
});

t.test('clients at other places are given what they miss by one private request per place', async (t) => {
  // Long enough that all of them are there before anybody is asked for.
  const { upstream, gateway, client } = await cold(t, { resumeWaitMs: 1_500 });
  const first = client('40');
  await first.waitFor(60);
  const early = [client('20'), client('20'), client('10'), client('20')];
  const late = client('70');
  await late.waitFor(30);
  await Promise.all(early.map((one) => one.waitFor(80)));
  upstream.publishNumbered(3);
  await Promise.all(
    [...early, late, first].map((one) => one.waitFor((seen) => numbers(seen).at(-1) === 103)),
  );
  for (const [i, start] of [20, 20, 10, 20].entries()) t.same(numbers(early[i]!), from(start + 1, 103));
  t.same(numbers(late), from(71, 103));
  t.same([...early, late, first].flatMap(gaps), []);
  t.same(
    upstream.requests.map(({ lastEventId }) => lastEventId).sort(),
    ['10', '20', '40'],
    'one request per place',
  );
  await upstream.waitForConnections(1);
  t.equal(gateway.stats().subscribers, 6);
});

t.test('a client that stands ahead of the seed waits for its id and misses nothing', async (t) => {
  const { upstream, client } = await cold(t, { resumeWaitMs: 10_000 });
  upstream.respond((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(':\n\n');
    return true;
  }, 1);
  const seed = client('40');
  await seed.opened();
  const ahead = client('60');
  await ahead.opened();
  t.equal(ahead.headers['sse-gateway-resume'], 'pending');
  upstream.cutAll();
  await Promise.all([seed.waitFor(60), ahead.waitFor(40)]);
  t.same(numbers(seed), from(41, 100));
  t.same(numbers(ahead), from(61, 100));
});

t.test(
  'an upstream that refuses a client id is asked again without it, and the channel does not fail',
  async (t) => {
    for (const status of [204, 400, 404, 410, 500]) {
      const { upstream, client } = await cold(t);
      upstream.respond((request, response) => {
        if (request.headers['last-event-id'] === undefined) return false;
        response.writeHead(status).end();
        return true;
      });
      const one = client('forged');
      await one.waitFor((seen) => gaps(seen).length === 1);
      upstream.publishNumbered(2);
      await one.waitFor((seen) => numbers(seen).length === 2);
      t.same(numbers(one), [101, 102], `${status}`);
      t.match(gaps(one), [{ from: 'forged', reason: 'unknown-id', lost: null }]);
    }
  },
);

t.test('without a promise to replay, an id that does not arrive is a gap after the wait', async (t) => {
  for (const replay of ['unknown', false, 'proven'] as const) {
    const { upstream, client } = await cold(t, { replay }, { replay: false });
    const one = client('40');
    await one.waitFor((seen) => gaps(seen).length === 1);
    upstream.publishNumbered(2);
    await one.waitFor((seen) => numbers(seen).length === 2);
    t.same(numbers(one), [101, 102], String(replay));
  }
});

t.test(
  'a private request that gets too long is given up: what it brought is delivered, the rest is a gap',
  async (t) => {
    const { upstream, client } = await cold(t, { replayBytes: 50_000 }, { dataBytes: 2_000 });
    const first = client('95');
    await first.waitFor(5);
    const early = client('1');
    await early.waitFor((seen) => gaps(seen).length === 1);
    upstream.publishNumbered(1);
    await early.waitFor((seen) => numbers(seen).at(-1) === 101);
    const seen = numbers(early);
    const broke = seen.findIndex((n, i) => i > 0 && n !== seen[i - 1]! + 1);
    t.ok(broke > 0, 'some of it was delivered');
    t.same(seen.slice(0, broke), from(2, broke + 1), 'without a hole');
    t.same(seen.slice(broke), from(96, 101), 'and goes on at the floor');
    t.match(gaps(early), [{ reason: 'unknown-id', lost: null }]);
  },
);

t.test('the books balance when clients have moved from a log of their own to the channel', async (t) => {
  const { upstream, gateway, client } = await cold(t);
  const clients = [client('90'), client('50'), client('60')];
  await Promise.all(clients.map((one) => one.waitFor((seen) => numbers(seen).at(-1) === HISTORY)));
  upstream.publishNumbered(4);
  await Promise.all(clients.map((one) => one.waitFor((seen) => numbers(seen).at(-1) === HISTORY + 4)));
  const text = await (await fetch(`http://127.0.0.1:${gateway.port}/metrics`)).text();
  const value = (name: string): number =>
    [...text.matchAll(new RegExp(`^sse_gateway_${name}\\{[^}]*\\} (\\d+)`, 'gm'))].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    );
  t.equal(value('events_offered_total'), 14 + 54 + 44);
  t.equal(
    value('events_offered_total'),
    value('events_out_total') + value('events_dropped_total') + value('events_pending'),
  );
  t.match(text, /resumes_total\{[^}]*outcome="exact"\} 3/);
});

t.test('a client without an id waits until a replay for somebody else has passed', async (t) => {
  const { upstream, client, gateway } = await cold(t, { resumeWaitMs: 100 });
  let send = (_first: number, _last: number): void => {};
  upstream.respond((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    send = (first, last) => {
      for (let n = first; n <= last; n += 1) response.write(`id: ${n}\ndata: {"n":${n}}\n\n`);
    };
    return true;
  }, 1);
  const seed = client('3');
  await seed.opened();
  const fresh = client();
  await fresh.opened();
  send(4, 9);
  await seed.waitFor(6);
  const begun = async (): Promise<boolean> =>
    /resumes_total\{[^}]*outcome="fresh"\} 1/.test(
      await (await fetch(`http://127.0.0.1:${gateway.port}/metrics`)).text(),
    );
  while (!(await begun()));
  send(10, 10);
  await seed.waitFor(7);
  await fresh.waitFor(1);
  t.same(numbers(seed), from(4, 10));
  t.same(numbers(fresh), [10]);
  t.equal(fresh.headers['sse-gateway-resume'], 'fresh');
});

t.test('an id at which an upstream breaks the connection is not asked with again', async (t) => {
  const { upstream, client } = await cold(t);
  upstream.respond((request, response) => {
    if (request.headers['last-event-id'] === undefined) return false;
    response.destroy();
    return true;
  });
  const evil = client('evil');
  const fresh = client();
  await fresh.opened();
  await upstream.waitForConnections(1);
  upstream.publishNumbered(1);
  await fresh.waitFor((seen) => numbers(seen).includes(101));
  t.equal(upstream.requests.filter(({ lastEventId }) => lastEventId === 'evil').length, 1);
  evil.destroy();
});
