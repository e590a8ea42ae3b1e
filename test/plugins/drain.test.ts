import t from 'tap';
import { scrape } from './scrape.js';
import { serve } from './serve.js';

const DELAY = 1_500;
/** A hundred clients at 5 ms each. */
const CLIENTS = 100;
const SPREAD = 500;

t.test('a drain goes by its steps, and who comes back in its course is sent behind its end', async (t) => {
  const gateway = await serve(t, { drainDelayMs: DELAY, drainMs: 5_000 });
  const clients = await Promise.all(Array.from({ length: CLIENTS - 1 }, () => gateway.reader()));
  const began = performance.now();
  const drained = gateway.app.sseGateway.drain();

  t.equal((await gateway.ask('/health/ready')).status, 503, 'first it is not ready');
  const late = await gateway.reader();
  t.ok('sse-gateway-resume' in late.headers, 'and lets everybody in all the same');
  t.ok(clients.every(({ ended }) => ended === undefined));
  clients.push(late);

  // Each comes back at once, against what it was told.
  const returners = await Promise.all(
    clients.map(async (client) => {
      t.match(await client.waitForClose(), { why: 'complete', atBoundary: true });
      const returner = gateway.client();
      const closed = await returner.waitForClose();
      return { ...closed, at: performance.now() - began, status: returner.status, retry: returner.retry! };
    }),
  );
  await drained;
  for (const { why, status, at, retry } of returners) {
    if (why !== 'complete' || status !== 200) t.fail(`${why} ${status}`);
    // `at` is a little later than the decision, which was never before the delay was over.
    if (at + retry < DELAY + SPREAD + 1_000 - 10) t.fail(`sent away at ${at} ms for ${retry} ms`);
    if (retry > SPREAD + 5_000) t.fail(`sent away for ${retry} ms`);
  }
  t.ok(new Set(returners.map(({ retry }) => retry)).size > CLIENTS / 2, 'not all for the same time');
  t.equal(gateway.subscribers, 0);
  t.equal((await scrape(gateway)).get('connections_refused_total{reason="draining"}'), CLIENTS);
  t.equal((await scrape(gateway)).get('client_disconnects_total{reason="drain"}'), CLIENTS);

  const { status, headers, text } = await gateway.ask('/events/prices', { headers: { accept: '*/*' } });
  t.equal(status, 503);
  const seconds = Number(headers.get('retry-after'));
  t.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 6, `${seconds} s`);
  t.match(JSON.parse(text), { code: 'SSE_GATEWAY_DRAINING' });
  t.equal((await gateway.ask('/health/ready')).status, 503, 'it stays so');
  t.equal((await gateway.ask('/health/live')).status, 200);
});

t.test('a drain ends those who wait for an id as well', async (t) => {
  const gateway = await serve(t, (url) => ({ channels: { prices: { url, resumeWaitMs: 60_000 } } }));
  const client = await gateway.live({ lastEventId: 'what' });
  t.equal(client.headers['sse-gateway-resume'], 'pending');
  await gateway.app.sseGateway.drain();
  t.match(await client.waitForClose(), { why: 'complete', atBoundary: true });
  t.equal(client.count, 0);
  await gateway.waitForSubscribers(0);
});
