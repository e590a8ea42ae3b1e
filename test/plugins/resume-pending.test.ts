import t from 'tap';
import type { StreamInfo } from '../../plugins/options.js';
import type { SseClient } from '../helpers/sse-client.js';
import { scrape } from './scrape.js';
import { serve } from './serve.js';

const gapsOf = ({ events }: SseClient) =>
  events.filter(({ type }) => type === 'gateway.gap').map(({ data }) => JSON.parse(data) as unknown);
const idsOf = ({ events }: SseClient) => events.filter(({ type }) => type === 'message').map(({ id }) => id);

t.test('an id that comes while its client waits is exact: nothing lost, nothing twice, no gap', async (t) => {
  const told: string[] = [];
  const onStream = (_request: unknown, { type, resume }: StreamInfo) => told.push(`${type} ${resume}`);
  const gateway = await serve(
    t,
    (url) => ({ onStream, channels: { prices: { url, resumeWaitMs: 60_000, heartbeatMs: 100 } } }),
    { upstream: { replay: false } },
  );
  const client = await gateway.live({ lastEventId: '3' });
  t.equal(client.headers['sse-gateway-resume'], 'pending');
  t.strictSame(told, ['open pending']);
  await client.waitFor(({ commentCount }) => commentCount > 2, 'heartbeats while it waits');
  gateway.upstream.publishNumbered(6);
  await client.waitFor(3);
  t.strictSame(idsOf(client), ['4', '5', '6']);
  t.strictSame(gapsOf(client), []);
  gateway.upstream.publishNumbered(1);
  await client.waitFor(4);
  const values = await scrape(gateway);
  t.equal(values.get('resumes_total{outcome="exact"}'), 1);
  t.equal(values.get('resumes_total{outcome="gap"}'), 0);
  client.destroy();
  await gateway.waitForSubscribers(0);
  t.strictSame(told, ['open pending', 'close pending']);
});

t.test(
  'an id that does not come within resumeWaitMs is a gap, and the client goes on at the floor',
  async (t) => {
    const gateway = await serve(t, (url) => ({
      channels: { prices: { url, resumeWaitMs: 300, heartbeatMs: 100 } },
    }));
    const client = await gateway.live({ lastEventId: 'what' });
    t.equal(client.headers['sse-gateway-resume'], 'pending');
    gateway.upstream.publishNumbered(2);
    await client.waitFor(3);
    t.strictSame(gapsOf(client), [
      { from: 'what', resume: null, lost: null, repeats: true, reason: 'unknown-id' },
    ]);
    t.equal(client.events[0]?.type, 'gateway.gap', 'before everything else');
    t.strictSame(idsOf(client), ['1', '2']);
    const next = await gateway.reader({ lastEventId: 'what' });
    t.equal(next.headers['sse-gateway-resume'], 'gap', 'the log is warm: nobody waits any more');
  },
);

t.test(
  'with onGap reject, who waited in vain is ended, and given nothing from behind the hole',
  async (t) => {
    const reasons: unknown[] = [];
    const gateway = await serve(t, (url) => ({
      channels: { prices: { url, resumeWaitMs: 500, heartbeatMs: 100, onGap: 'reject' } },
      onStream: (_request, { reason }) => reason !== undefined && reasons.push(reason),
    }));
    const other = await gateway.live();
    const client = await gateway.reader({ lastEventId: 'what' });
    t.equal(client.headers['sse-gateway-resume'], 'pending');
    gateway.upstream.publishNumbered(3);
    await other.waitFor(3);
    t.match(await client.waitForClose(), { why: 'complete', atBoundary: true });
    t.equal(client.count, 0);
    await gateway.waitForSubscribers(1);
    t.strictSame(reasons, ['gap-rejected']);
    const { status } = await gateway.ask('/events/prices', { headers: { 'last-event-id': 'what' } });
    t.equal(status, 410, 'from here on it is known before the stream begins');
  },
);

t.test(
  "the first client's id goes upstream, and what an upstream that replays answers is exact",
  async (t) => {
    const gateway = await serve(t, (url) => ({ channels: { prices: { url, replay: true } } }));
    gateway.upstream.publishNumbered(5);
    const client = await gateway.live({ lastEventId: '3' });
    await client.waitFor(2);
    t.equal((await gateway.upstream.waitForRequests(1)).lastEventId, '3');
    t.strictSame(idsOf(client), ['4', '5']);
    t.strictSame(gapsOf(client), []);
  },
);

t.test(
  'what the log does not hold is asked of an upstream that replays, for that client alone',
  async (t) => {
    const gateway = await serve(t, (url) => ({
      channels: { prices: { url, replay: true, resumeWaitMs: 0, heartbeatMs: 100 } },
    }));
    gateway.upstream.publishNumbered(10);
    const first = await gateway.live();
    gateway.upstream.publishNumbered(2);
    await first.waitFor(2);
    const client = await gateway.reader({ lastEventId: '5' });
    t.equal(client.headers['sse-gateway-resume'], 'pending');
    await client.waitFor(7);
    t.strictSame(idsOf(client), ['6', '7', '8', '9', '10', '11', '12']);
    t.strictSame(gapsOf(client), []);
    t.equal((await gateway.upstream.waitForRequests(2)).lastEventId, '5');
    await gateway.upstream.waitForConnections(1);
    gateway.upstream.publishNumbered(1);
    await Promise.all([client.waitFor(8), first.waitFor(3)]);
    t.strictSame(idsOf(first), ['11', '12', '13'], 'nobody else got any of it');
    t.equal(idsOf(client).at(-1), '13');
  },
);
