import { fileURLToPath } from 'node:url';
import t from 'tap';
import type { StreamInfo } from '../../plugins/options.js';
import { NodeProcess } from '../helpers/process.js';
import { until } from '../helpers/waits.js';
import { serve } from './serve.js';

t.test('close ends a thousand streams within drainMs, each told when to come back', async (t) => {
  const drainMs = 1_000;
  const gateway = await serve(t, { drainMs });
  const clients = Array.from({ length: 1_000 }, () => gateway.client({ keep: 'last' }));
  await gateway.waitForSubscribers(1_000);
  await gateway.upstream.waitForConnections(1);
  gateway.upstream.publishNumbered(1);
  await Promise.all(clients.map((client) => client.waitFor(1)));
  const before = clients.map(({ retry }) => retry);
  const began = performance.now();
  const ends: number[] = [];
  for (const client of clients) void client.closed.then(() => ends.push(performance.now() - began));
  await gateway.app.close();
  const took = performance.now() - began;
  // Behind drainMs up to a second may go into flushing; the rest is what a busy machine needs.
  t.ok(took < drainMs + 1_500, `took ${took} ms`);
  for (const [i, client] of clients.entries()) {
    const { why, atBoundary } = await client.waitForClose();
    if (why !== 'complete' || !atBoundary) t.fail(`client ${i} ended ${why}`);
    if (client.retry === undefined || client.retry < 1_000) t.fail(`client ${i} was told ${client.retry}`);
  }
  t.ok(
    clients.filter(({ retry }, i) => retry !== before[i]).length > 950,
    'a retry of the drain, not of the start',
  );
  t.equal(ends.length, 1_000);
  t.ok(ends.filter((at) => at < drainMs / 2).length > 100, 'spread: some early');
  t.ok(ends.filter((at) => at > drainMs / 2).length > 100, 'and some late');
});

t.test('a returner comes back behind the end of the drain', async (t) => {
  const gateway = await serve(t, (origin) => ({
    drainMs: 500,
    channels: { prices: { url: origin, retryMinMs: 1_000, retryMaxMs: 1_000 } },
  }));
  const clients = await Promise.all(Array.from({ length: 100 }, () => gateway.reader()));
  const began = performance.now();
  const ends: { at: number; retry: number }[] = [];
  for (const client of clients) {
    void client.closed.then(() => ends.push({ at: performance.now() - began, retry: client.retry! }));
  }
  await gateway.app.sseGateway.drain();
  for (const client of clients) await client.waitForClose();
  for (const { at, retry } of ends) {
    // The end is noticed a little later than it was decided, never earlier.
    if (at + retry < 1_500 - 5) t.fail(`ended at ${at} ms with a retry of ${retry} ms`);
  }
  t.equal(ends.length, 100);
});

t.test('a client that never reads does not keep close waiting', async (t) => {
  const reasons: unknown[] = [];
  const onStream = (_request: unknown, { reason }: StreamInfo) =>
    reason !== undefined && reasons.push(reason);
  const gateway = await serve(t, { onStream }, { upstream: { dataBytes: 10_000 } });
  const stuck = await gateway.live();
  const fast = await gateway.reader({ keep: 'last' });
  stuck.pause();
  // Until the kernel takes no more of it: its lag stays when the other client has everything.
  while ((gateway.app.sseGateway.stats().channels['prices']?.maxLagBytes ?? 0) < 1_000_000) {
    gateway.upstream.publishNumbered(20);
    await fast.waitFor(gateway.upstream.number);
  }
  await gateway.app.close();
  t.strictSame(reasons.sort(), ['drain', 'shutdown'], 'the polite end is for who reads');
  t.match(await fast.waitForClose(), { why: 'complete' });
});

t.test('a client whose first connect still waits does not keep close waiting', async (t) => {
  const gateway = await serve(t, (origin) => ({
    channels: { prices: { url: origin, connectWaitMs: 60_000 } },
  }));
  gateway.upstream.respond({ raw: '', hold: true });
  const client = gateway.client();
  const other = gateway.client({ headers: { accept: '*/*' } });
  await gateway.upstream.waitForRequests(1);
  await gateway.app.close();
  await other.waitForClose();
  t.equal(other.status, 503);
  t.match(other.text, 'SSE_GATEWAY_DRAINING');
  t.match(await client.waitForClose(), { why: 'complete' });
  t.equal(client.status, 200, 'a status would end an EventSource for good');
  t.ok(client.retry! >= 1_000 && client.retry! <= 5_000, `retry ${client.retry}`);
});

t.test('a client that came after a drain does not keep close waiting', async (t) => {
  const gateway = await serve(t);
  await gateway.app.sseGateway.drain();
  const client = gateway.client();
  await client.opened();
  await gateway.app.close();
  await client.waitForClose();
});

t.test('while it drains it is live and not ready, and says so', async (t) => {
  const gateway = await serve(t, { drainDelayMs: 300 });
  t.equal((await gateway.ask('/health/ready')).status, 200);
  const client = await gateway.live();
  const drained = gateway.app.sseGateway.drain();
  t.match(await gateway.ask('/health/ready'), {
    status: 503,
    text: '{"status":"not-ready","reason":"draining"}',
  });
  t.match(await gateway.ask('/health/live'), { status: 200, text: '{"status":"live"}' });
  t.match(await gateway.json('/health'), { status: 'draining', subscribers: 1 });
  t.equal((await gateway.reader()).status, 200, 'within drainDelayMs newcomers are still let in');
  t.equal(client.ended, undefined, 'and nobody is sent away');
  await drained;
  t.match(await client.waitForClose(), { why: 'complete' });
  await gateway.waitForSubscribers(0);
  t.equal((await gateway.ask('/health/ready')).status, 503);
  t.equal((await gateway.ask('/health/live')).status, 200);
});

t.test(
  'who comes back to a drained gateway is sent away again, in a form that EventSource survives',
  async (t) => {
    const gateway = await serve(t);
    await gateway.app.sseGateway.drain();
    const eventSource = gateway.client();
    t.match(await eventSource.waitForClose(2_000), { why: 'complete' });
    t.equal(eventSource.status, 200);
    t.ok(eventSource.retry! >= 1_000 && eventSource.retry! <= 5_000, `retry ${eventSource.retry}`);
    const other = await gateway.ask('/events/prices', { headers: { accept: '*/*' } });
    t.equal(other.status, 503);
    t.ok(Number(other.headers.get('retry-after')) > 0);
  },
);

t.test('drain and close are idempotent, and publish after close is refused', async (t) => {
  const gateway = await serve(t);
  const client = await gateway.live();
  const { sseGateway } = gateway.app;
  await Promise.all([sseGateway.drain(), sseGateway.drain()]);
  await client.waitForClose();
  await Promise.all([gateway.app.close(), gateway.app.close()]);
  t.throws(() => sseGateway.publish('prices', { data: 'x' }), { code: 'SSE_GATEWAY_CLOSED' });
  t.match(sseGateway.stats(), { draining: true, subscribers: 0 });
  await until(
    () => gateway.upstream.sockets === 0,
    () => `${gateway.upstream.sockets} sockets left at the upstream`,
  );
});

t.test('a process that closes its app exits by itself', async (t) => {
  const process = new NodeProcess(fileURLToPath(new URL('./closing.js', import.meta.url)));
  t.teardown(() => process.stop());
  await process.waitForLine(/^closed$/);
  t.strictSame(await process.waitForExit(5_000), { code: 0, signal: null });
  t.strictSame(process.stderr, []);
});
