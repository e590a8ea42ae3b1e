import t from 'tap';
import type { SseClient } from '../helpers/sse-client.js';
import { serve } from './serve.js';

const gapsOf = ({ events }: SseClient) =>
  events.filter(({ type }) => type === 'gateway.gap').map(({ data }) => JSON.parse(data) as unknown);
/** Nobody waits for an id that may still come: see resume-pending.test.ts for those who do. */
const warm = { resumeWaitMs: 0 };

/** No time is lost between two connections. */
const quick = { backoffMinMs: 1, backoffBaseMs: 1 };

const numbersOf = ({ events }: SseClient) =>
  events.filter(({ type }) => type === 'message').map(({ id }) => Number(id));

t.test('a client goes on behind its id, from the header or from the query; the header wins', async (t) => {
  const gateway = await serve(t);
  const first = await gateway.live();
  gateway.upstream.publishNumbered(5);
  await first.waitFor(5);
  const ways = {
    header: { lastEventId: '3' },
    query: { path: '/events/prices?lastEventId=3' },
    both: { lastEventId: '3', path: '/events/prices?lastEventId=1' },
    'an empty header counts as absent': { lastEventId: '', path: '/events/prices?lastEventId=3' },
  };
  for (const [way, options] of Object.entries(ways)) {
    const client = await gateway.reader(options);
    await client.waitFor(2);
    t.strictSame(numbersOf(client), [4, 5], way);
    t.equal(client.headers['sse-gateway-resume'], 'exact', way);
  }
  const fresh = {
    'no id': {},
    'an empty query': { path: '/events/prices?lastEventId=' },
    'empty both': { lastEventId: '', path: '/events/prices?lastEventId=' },
  };
  const clients: [string, SseClient][] = [];
  for (const [way, options] of Object.entries(fresh)) clients.push([way, await gateway.reader(options)]);
  const atTip = await gateway.reader({ lastEventId: '5' });
  t.equal(atTip.headers['sse-gateway-resume'], 'exact');
  gateway.upstream.publishNumbered(1);
  for (const [way, client] of [...clients, ['at the tip', atTip] as const]) {
    await client.waitFor(1);
    t.strictSame(numbersOf(client), [6], way);
  }
  for (const [way, client] of clients) t.equal(client.headers['sse-gateway-resume'], 'fresh', way);
});

t.test('an id the log does not know is told as a gap, and the client goes on at the floor', async (t) => {
  const gateway = await serve(t, (origin) => ({ channels: { prices: { url: origin, ...warm } } }));
  const first = await gateway.live();
  gateway.upstream.publishNumbered(3);
  await first.waitFor(3);
  const client = await gateway.reader({ lastEventId: 'né "quoted"' });
  await client.waitFor(4);
  t.equal(client.headers['sse-gateway-resume'], 'gap');
  t.strictSame(gapsOf(client), [
    { from: 'né "quoted"', resume: null, lost: null, repeats: true, reason: 'unknown-id' },
  ]);
  t.equal(client.events[0]?.type, 'gateway.gap', 'before everything else');
  t.strictSame(numbersOf(client), [1, 2, 3]);
  t.equal(client.events[0]?.idField, undefined, 'in this mode the gap has no id of its own');
  const long = await gateway.reader({ lastEventId: 'é'.repeat(1_000) });
  await long.waitFor(1);
  t.match(gapsOf(long), [{ from: 'é'.repeat(128) }], 'cut at 256 bytes');
});

t.test('an id whose followers were trimmed is told with how many are lost', async (t) => {
  const gateway = await serve(t, (origin) => ({
    channels: { prices: { url: origin, retainEvents: 10, ids: 'gateway', ...warm } },
  }));
  const first = await gateway.live();
  for (let n = 1; n <= 30; n += 1) {
    gateway.upstream.publishNumbered(1);
    await first.waitFor(n);
  }
  const ids = first.events.map(({ id }) => id);
  const client = await gateway.reader({ lastEventId: ids[9]! });
  await client.waitFor(11);
  t.strictSame(gapsOf(client), [
    { from: ids[9], resume: ids[19], lost: 10, repeats: false, reason: 'trimmed' },
  ]);
  t.equal(client.events[0]?.id, ids[19], 'in mode gateway the gap has the id of the event before it goes on');
  t.strictSame(
    client.events.slice(1).map(({ id }) => id),
    ids.slice(20),
  );
  const other = await gateway.reader({ lastEventId: `5-${(Date.now() - 1_000_000).toString(36)}` });
  await other.waitFor(1);
  t.match(gapsOf(other), [{ reason: 'epoch', lost: null, repeats: true }]);
});

t.test(
  'with onGap reject a gap is 410 before the stream, also where a break for all lies behind the id',
  async (t) => {
    const gateway = await serve(t, (origin) => ({
      channels: { prices: { url: origin, onGap: 'reject', ...warm, ...quick } },
    }));
    const first = await gateway.live();
    gateway.upstream.publishNumbered(2);
    await first.waitFor(2);
    const { status, text } = await gateway.ask('/events/prices', { headers: { 'last-event-id': 'what' } });
    t.equal(status, 410);
    t.match(JSON.parse(text), { code: 'SSE_GATEWAY_RESUME_GAP', message: /unknown-id/ });
    t.equal(gateway.subscribers, 1);
    t.equal((await gateway.reader({ lastEventId: '1' })).status, 200);
    gateway.upstream.cutAll();
    await first.waitForClose();
    t.strictSame(numbersOf(first), [1, 2], 'a stream under way ends there');
    const broken = await gateway.ask('/events/prices', { headers: { 'last-event-id': '1' } });
    t.equal(broken.status, 410);
    t.match(JSON.parse(broken.text), { code: 'SSE_GATEWAY_RESUME_GAP', message: /upstream/ });
  },
);

t.test('with onGap silent the client goes on at the floor and is told by the header only', async (t) => {
  const gateway = await serve(t, (origin) => ({
    channels: { prices: { url: origin, onGap: 'silent', ...warm } },
  }));
  const first = await gateway.live();
  gateway.upstream.publishNumbered(2);
  await first.waitFor(2);
  const client = await gateway.reader({ lastEventId: 'what' });
  await client.waitFor(2);
  t.strictSame(numbersOf(client), [1, 2]);
  t.strictSame(gapsOf(client), []);
  t.equal(client.headers['sse-gateway-resume'], 'gap');
});

t.test('replay unknown: a reconnect of the upstream is a gap for all, and part of the history', async (t) => {
  const gateway = await serve(t, (origin) => ({ channels: { prices: { url: origin, ...quick } } }));
  const clients = [await gateway.live(), await gateway.reader()];
  gateway.upstream.publishNumbered(3);
  await Promise.all(clients.map((client) => client.waitFor(3)));
  gateway.upstream.cutAll();
  t.equal((await gateway.upstream.waitForRequests(2)).lastEventId, '3');
  await gateway.upstream.waitForConnections(1);
  gateway.upstream.publishNumbered(2);
  const gap = { from: '3', resume: '3', lost: null, repeats: true, reason: 'upstream' };
  for (const client of clients) {
    await client.waitFor(6);
    t.strictSame(gapsOf(client), [gap]);
    t.equal(client.events[3]?.type, 'gateway.gap');
    t.strictSame(numbersOf(client), [1, 2, 3, 4, 5]);
  }
  const late = await gateway.reader({ lastEventId: '2' });
  await late.waitFor(4);
  t.strictSame(gapsOf(late), [gap], 'who resumes across it is told as well');
});

t.test('a client without an id that wakes a resting channel hears of no gap', async (t) => {
  const gateway = await serve(t, (origin) => ({ channels: { prices: { url: origin, lingerMs: 0 } } }));
  const first = await gateway.live();
  gateway.upstream.publishNumbered(3);
  await first.waitFor(3);
  first.destroy();
  await gateway.waitForState('idle');
  await gateway.upstream.waitForConnections(0);
  const client = await gateway.live();
  gateway.upstream.publishNumbered(1);
  await client.waitFor(({ lastEventId }) => lastEventId === '4', 'the new event');
  t.strictSame(gapsOf(client), [], 'it has missed nothing');
  t.strictSame(numbersOf(client), [4]);
});

t.test('replay true: an upstream that replays is taken at its word, without a gap', async (t) => {
  const gateway = await serve(t, (origin) => ({
    channels: { prices: { url: origin, replay: true, ...quick } },
  }));
  const client = await gateway.live();
  gateway.upstream.publishNumbered(3);
  await client.waitFor(3);
  for (let cut = 1; cut <= 3; cut += 1) {
    gateway.upstream.cutAll();
    await gateway.upstream.waitForConnections(0);
    gateway.upstream.publishNumbered(2);
    await client.waitFor(3 + 2 * cut);
  }
  t.strictSame(numbersOf(client), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  t.strictSame(gapsOf(client), []);
});

t.test('replay true without an id to send is a gap all the same', async (t) => {
  const gateway = await serve(
    t,
    (origin) => ({ channels: { prices: { url: origin, replay: true, ...quick } } }),
    { upstream: { ids: false } },
  );
  const client = await gateway.live();
  gateway.upstream.publishNumbered(1);
  await client.waitFor(1);
  gateway.upstream.cutAll();
  await client.waitFor(2);
  t.match(gapsOf(client), [{ reason: 'upstream', lost: null }]);
  t.equal((await gateway.upstream.waitForRequests(2)).lastEventId, undefined);
});

t.test('replay false: no id goes upstream, and each reconnect is a gap', async (t) => {
  const gateway = await serve(t, (origin) => ({
    channels: { prices: { url: origin, replay: false, ...quick } },
  }));
  const client = await gateway.live();
  gateway.upstream.publishNumbered(1);
  await client.waitFor(1);
  gateway.upstream.cutAll();
  await client.waitFor(2);
  t.equal((await gateway.upstream.waitForRequests(2)).lastEventId, undefined);
  t.match(gapsOf(client), [{ reason: 'upstream' }]);
});

t.test('ids auto: the upstream id where there is one, else a minted one that resumes exactly', async (t) => {
  const gateway = await serve(t);
  const client = await gateway.live();
  gateway.upstream.publish({ data: 'a' });
  gateway.upstream.publish({ id: 'x', data: 'b' });
  gateway.upstream.publish({ data: 'c' });
  gateway.upstream.publish({ data: 'd' });
  await client.waitFor(4);
  const ids = client.events.map(({ id }) => id);
  t.match(ids[0], /^1-[0-9a-z]+$/);
  t.equal(ids[1], 'x');
  t.match(ids[2], /^3-[0-9a-z]+;x$/);
  t.match(ids[3], /^4-[0-9a-z]+;x$/);
  for (const [i, id] of ids.slice(0, 3).entries()) {
    const resumed = await gateway.reader({ lastEventId: id });
    await resumed.waitFor(3 - i);
    t.strictSame(resumed.data, ['b', 'c', 'd'].slice(i), id);
    t.equal(resumed.headers['sse-gateway-resume'], 'exact');
  }
});

t.test('ids upstream: what the upstream says and nothing else', async (t) => {
  const gateway = await serve(t, (origin) => ({ channels: { prices: { url: origin, ids: 'upstream' } } }));
  const client = await gateway.live();
  gateway.upstream.publish({ data: 'a' });
  gateway.upstream.publish({ id: 'x', data: 'b' });
  gateway.upstream.write('id\ndata: c\n\n');
  await client.waitFor(3);
  t.match(client.body.toString(), /\n\ndata: a\n\nid: x\ndata: b\n\nid: ?\ndata: c\n\n$/);
});

t.test('ids gateway: a minted id on every event, and the upstream still gets its own back', async (t) => {
  const gateway = await serve(t, (origin) => ({
    channels: { prices: { url: origin, ids: 'gateway', replay: true, ...quick } },
  }));
  const client = await gateway.live();
  gateway.upstream.publishNumbered(3);
  await client.waitFor(3);
  for (const [i, { id }] of client.events.entries()) t.match(id, new RegExp(`^${i + 1}-[0-9a-z]+$`));
  const resumed = await gateway.reader({ lastEventId: client.events[0]!.id });
  await resumed.waitFor(2);
  t.strictSame(resumed.events, client.events.slice(1));
  gateway.upstream.cutAll();
  t.equal((await gateway.upstream.waitForRequests(2)).lastEventId, '3');
});
