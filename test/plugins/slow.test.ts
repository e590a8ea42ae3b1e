import t, { type Test } from 'tap';
import type { ChannelDefaults } from '../../src/options.js';
import type { SseClient } from '../helpers/sse-client.js';
import { serve } from './serve.js';

const RETAIN = 1_000_000;
const EVENT = 5_000;

/** A client that stands still beside one that keeps up, and the reasons for which streams closed. */
async function stuck(t: Test, options: ChannelDefaults) {
  const reasons: string[] = [];
  const gateway = await serve(
    t,
    (origin) => ({
      channels: { prices: { url: origin, retainBytes: RETAIN, maxEventBytes: RETAIN / 4, ...options } },
      onStream: (_request, { reason }) => reason !== undefined && reasons.push(reason),
    }),
    { upstream: { dataBytes: EVENT } },
  );
  const { upstream } = gateway;
  const fast = await gateway.live({ keep: 'check' });
  const client = await gateway.reader();
  upstream.publishNumbered(1);
  await Promise.all([fast.waitFor(1), client.waitFor(1)]);
  client.pause();
  /** Publishes until the channel's worst lag is so many bytes, at the pace of the client that keeps up. */
  const flood = async (lag: number) => {
    while (
      gateway.app.sseGateway.stats().channels['prices']!.maxLagBytes < lag &&
      gateway.subscribers === 2
    ) {
      upstream.publishNumbered(20);
      await fast.waitFor(upstream.number);
    }
  };
  return { gateway, upstream, fast, client, reasons, flood };
}

const gapsOf = ({ events }: SseClient) =>
  events
    .filter(({ type }) => type === 'gateway.gap')
    .map(({ data }) => JSON.parse(data) as { resume: string; lost: number });

/** Indexes into the events of those messages whose number does not follow the one before. */
function holes({ events }: SseClient): { at: number; lost: number; next: number }[] {
  const numbers = events.filter(({ type }) => type === 'message').map(({ id }) => Number(id));
  return numbers.flatMap((n, i) =>
    i > 0 && n !== numbers[i - 1]! + 1 ? [{ at: i, lost: n - numbers[i - 1]! - 1, next: n }] : [],
  );
}

t.test(
  'skip: a client below the floor is told what it lost, to the event, and goes on at the tip',
  async (t) => {
    const { upstream, client, fast, flood } = await stuck(t, { onSlow: 'skip' });
    await flood(1.5 * RETAIN);
    client.resume();
    await client.waitFor((client) => gapsOf(client).length === 1, 'the gap');
    upstream.publishNumbered(1);
    await client.waitFor(({ lastEventId }) => lastEventId === String(upstream.number), 'the last event');
    const [hole, ...others] = holes(client);
    t.strictSame(others, []);
    t.match(gapsOf(client), [
      { reason: 'lagged', repeats: false, lost: hole!.lost, resume: String(hole!.next - 1) },
    ]);
    t.ok(hole!.lost > RETAIN / EVENT);
    t.equal(
      client.events.findIndex(({ type }) => type === 'gateway.gap'),
      hole!.at,
      'it stands in the hole',
    );
    t.ok(fast.check?.contiguous && fast.check.gaps === 0, 'the other client noticed nothing');
  },
);

t.test('disconnect: a client below the floor is closed as lagged, what it got is contiguous', async (t) => {
  const { gateway, client, reasons, flood } = await stuck(t, { onSlow: 'disconnect', heartbeatMs: 100 });
  await flood(1.5 * RETAIN);
  await gateway.waitForSubscribers(1);
  t.strictSame(reasons, ['lagged']);
  client.resume();
  await client.waitForClose();
  t.strictSame(holes(client), []);
});

t.test('a client whose socket takes nothing for stalledMs is closed as stalled', async (t) => {
  const { gateway, reasons, fast, flood } = await stuck(t, { stalledMs: 300, retainBytes: 8 * RETAIN });
  await flood(RETAIN / 2);
  await gateway.waitForSubscribers(1);
  t.strictSame(reasons, ['stalled']);
  t.equal(fast.ended, undefined);
});

t.test('a client that lags above the floor loses nothing', async (t) => {
  const { upstream, client, flood } = await stuck(t, { retainBytes: 8 * RETAIN });
  await flood(RETAIN);
  client.resume();
  await client.waitFor(upstream.number);
  t.strictSame(holes(client), []);
  t.strictSame(gapsOf(client), []);
});

t.test('onGap silent: a client that lagged goes on at the tip and is not told', async (t) => {
  const { upstream, client, flood, gateway } = await stuck(t, { onGap: 'silent' });
  await flood(1.5 * RETAIN);
  client.resume();
  // It is at the tip when its lag is none, and what comes then comes to it.
  while (gateway.app.sseGateway.stats().channels['prices']!.maxLagBytes > 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  upstream.publishNumbered(1);
  await client.waitFor(({ lastEventId }) => lastEventId === String(upstream.number), 'the last event');
  t.equal(holes(client).length, 1);
  t.strictSame(gapsOf(client), []);
});

t.test('onGap reject: a client that lagged is ended where its history is', async (t) => {
  const { gateway, client, reasons, flood } = await stuck(t, { onGap: 'reject' });
  await flood(1.5 * RETAIN);
  client.resume();
  t.match(await client.waitForClose(), { why: 'complete', atBoundary: true });
  await gateway.waitForSubscribers(1);
  t.strictSame(reasons, ['gap-rejected']);
  t.strictSame(holes(client), []);
});
