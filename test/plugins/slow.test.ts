import { setImmediate } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { ChannelDefaults } from '../../src/options.js';
import type { SseClient } from '../helpers/sse-client.js';
import { type Served, serve } from './serve.js';

/** A reader that stands still, and the reasons for which streams closed. */
async function stuck(t: Test, options: ChannelDefaults) {
  const reasons: string[] = [];
  const gateway = await serve(
    t,
    (origin) => ({
      channels: { prices: { url: origin, retainBytes: 200_000, maxEventBytes: 100_000, ...options } },
      onStream: (_request, { reason }) => reason !== undefined && reasons.push(reason),
    }),
    { upstream: { dataBytes: 5_000 } },
  );
  const client = await gateway.live();
  gateway.upstream.publishNumbered(1);
  await client.waitFor(1);
  client.pause();
  return { gateway, client, reasons };
}

const channel = ({ app }: Served) => app.sseGateway.stats().channels['prices']!;

/** Publishes until the client's socket is full and its place lies below the floor. */
async function flood(gateway: Served): Promise<void> {
  while (channel(gateway).maxLagBytes < 2 * channel(gateway).log.bytes || channel(gateway).maxLagBytes === 0) {
    gateway.upstream.publishNumbered(50);
    await setImmediate();
  }
}

const gapOf = ({ events }: SseClient) => {
  const gap = events.find(({ type }) => type === 'gateway.gap');
  return gap && (JSON.parse(gap.data) as { from: string; resume: string; lost: number });
};

t.test('skip: a client below the floor is told what it lost, to the event, and goes on at the tip', async (t) => {
  const { gateway, client } = await stuck(t, { onSlow: 'skip' });
  await flood(gateway);
  client.resume();
  await client.waitFor((client) => gapOf(client) !== undefined, 'a gap');
  gateway.upstream.publishNumbered(1);
  await client.waitFor(({ lastEventId }) => lastEventId === String(gateway.upstream.number), 'the last event');
  const gap = gapOf(client)!;
  t.match(gap, { reason: 'lagged', repeats: false });
  const numbers = client.events.filter(({ type }) => type === 'message').map(({ id }) => Number(id));
  const hole = numbers.findIndex((n, i) => i > 0 && n !== numbers[i - 1]! + 1);
  t.equal(numbers.filter((n, i) => i > 0 && n !== numbers[i - 1]! + 1).length, 1, 'one hole');
  t.equal(numbers[hole]! - numbers[hole - 1]! - 1, gap.lost);
  t.equal(gap.resume, String(numbers[hole]! - 1));
  t.equal(client.events.findIndex(({ type }) => type === 'gateway.gap'), hole, 'the gap stands in the hole');
});

t.test('disconnect: a client below the floor is closed as lagged', async (t) => {
  const { gateway, client, reasons } = await stuck(t, { onSlow: 'disconnect', heartbeatMs: 100 });
  await flood(gateway);
  await gateway.waitForSubscribers(0);
  t.strictSame(reasons, ['lagged']);
  client.resume();
  await client.waitForClose();
  const numbers = client.events.map(({ id }) => Number(id));
  t.ok(
    numbers.every((n, i) => n === i + 1),
    'what it got is contiguous',
  );
});

t.test('a client whose socket takes nothing for stalledMs is closed as stalled', async (t) => {
  const { gateway, reasons } = await stuck(t, { stalledMs: 200 });
  await flood(gateway);
  await gateway.waitForSubscribers(0);
  t.strictSame(reasons, ['stalled']);
});

t.test('a client that lags above the floor loses nothing', async (t) => {
  const { gateway, client } = await stuck(t, { retainBytes: 8_000_000 });
  while (channel(gateway).maxLagBytes < 1_000_000) {
    gateway.upstream.publishNumbered(50);
    await setImmediate();
  }
  client.resume();
  await client.waitFor(gateway.upstream.number);
  t.ok(client.events.every(({ id }, i) => id === String(i + 1)));
});

t.test('a slow client costs the fast ones nothing', async (t) => {
  const { gateway } = await stuck(t, {});
  const fast = await gateway.reader({ keep: 'check' });
  const joined = gateway.upstream.number;
  await flood(gateway);
  await fast.waitFor(gateway.upstream.number - joined);
  t.ok(fast.check?.contiguous, String(fast.check));
});

t.test('with onGap silent or reject, a client that lagged gets no gap, or an end', async (t) => {
  const silent = await stuck(t, { onGap: 'silent' });
  await flood(silent.gateway);
  silent.client.resume();
  await silent.client.waitFor(
    ({ lastEventId }) => lastEventId === String(silent.gateway.upstream.number) || gapOf(silent.client) !== undefined,
    'the tip',
  ).catch(() => silent.gateway.upstream.publishNumbered(1));
  t.equal(gapOf(silent.client), undefined);
  const reject = await stuck(t, { onGap: 'reject' });
  await flood(reject.gateway);
  reject.client.resume();
  await reject.client.waitForClose();
  await reject.gateway.waitForSubscribers(0);
  t.strictSame(reject.reasons, ['gap-rejected']);
  t.equal(gapOf(reject.client), undefined);
});
