/** Processes that sleep: stopped by a signal, or with an event loop that a route of the host blocks. */
import assert from 'node:assert/strict';
import { until } from '../../helpers/waits.js';
import type { Fault, Scene } from '../fault.js';
import { command, type GatewayProcess, hostApp, passes, settled, upstreamOf } from '../process/stage.js';

/** Every limit is shorter than the sleep, so that whoever doesn't look before it judges, judges wrongly. */
const LIMITS = { stalledMs: 2_400, idleTimeoutMs: 2_000, heartbeatMs: 400, maxAgeMs: 0 };
const PER_SECOND = 100;
const BULK_PER_SECOND = 30;
const BULK_BYTES = 100_000;
const SLOW = 3;
const QUIET = 20;

type Sleep = (gateway: GatewayProcess, ms: number) => Promise<void>;

/**
 * Fast readers, quiet ones who only get heartbeats, and slow ones: their sockets are full when the gateway falls asleep, and
 * they read on while it does.
 */
async function sleepThrough(
  scene: Scene,
  start: typeof command | typeof hostApp,
  sleep: Sleep,
  sleepMs: number,
  replay: boolean | 'unknown',
) {
  const upstream = await upstreamOf(scene, { replay: replay === true });
  const bulk = await upstreamOf(scene, { replay: replay === true, dataBytes: BULK_BYTES });
  const gateway = await start(scene, {
    defaults: { ...LIMITS, replay },
    channels: { events: { url: upstream.url }, bulk: { url: bulk.url, retainBytes: 67_108_864 }, quiet: {} },
  });
  upstream.start(PER_SECOND);
  bulk.start(BULK_PER_SECOND);
  const fast = await gateway.readers(50);
  const slow = await gateway.readers(SLOW, { path: '/events/bulk' });
  const quiet = Array.from({ length: QUIET }, () => gateway.client({ path: '/events/quiet' }));
  await Promise.all(quiet.map((client) => client.waitFor(({ commentCount }) => commentCount > 1)));
  for (const client of slow) client.pause();
  await gateway.health('bulk', ({ maxLagBytes }) => maxLagBytes > BULK_BYTES);
  const beats = quiet.map(({ commentCount }) => commentCount);

  const slept = sleep(gateway, sleepMs);
  for (const client of slow) client.resume();
  await slept;
  const woken = performance.now();
  await Promise.all(quiet.map((client, i) => client.waitFor(({ commentCount }) => commentCount > beats[i]!)));
  // Two rounds of heartbeats beyond the longest limit: whatever would fire behind the sleep has fired.
  await until(
    () => performance.now() - woken > LIMITS.stalledMs + 2 * LIMITS.heartbeatMs,
    () => 'time stands still',
  );
  const rounds = Math.ceil((performance.now() - woken) / LIMITS.heartbeatMs) + 1;
  const storm = Math.max(...quiet.map(({ commentCount }, i) => commentCount - beats[i]!));
  upstream.stop();
  bulk.stop();
  const outcomes = await Promise.all([
    settled(fast, upstream.publishNumbered()),
    settled(slow, bulk.publishNumbered()),
  ]);
  for (const outcome of outcomes) assert.deepEqual(outcome, { lost: 0, duplicated: 0, announced: 0 });
  // A round may lie between the count and the sleep.
  assert.ok(storm <= rounds + 1, `${storm} heartbeats in ${rounds} rounds`);
  const metrics = await gateway.metrics();
  assert.equal(metrics.sum('client_disconnects_total'), 0, 'nobody was closed');
  assert.equal(metrics.sum('upstream_disconnects_total'), 0, 'no upstream was cut');
  assert.equal(upstream.requests.length + bulk.requests.length, 2);
  const figures = `slept ${sleepMs} ms with stalledMs ${LIMITS.stalledMs} and idleTimeoutMs ${LIMITS.idleTimeoutMs}`;
  return {
    ...outcomes[0],
    seen: `${figures}: 0 closed, 0 cut, at most ${storm} heartbeats in ${rounds} rounds`,
  };
}

const stopped: Sleep = (gateway, ms) => gateway.stop(ms);

/** The answer comes when the loop goes round again, so the block is over by then. */
const blocked: Sleep = async (gateway, ms) => {
  const answer = await fetch(`http://127.0.0.1:${gateway.port}/block?ms=${ms}`);
  assert.equal(await answer.text(), 'blocked\n');
};

/** Stopped again and again: each wake is as long as a tick takes to come round. */
const hiccups: Sleep = async (gateway, ms) => {
  for (let i = 0; i < 4; i += 1) {
    await gateway.stop(ms / 4);
    await passes(20);
  }
};

const stopMs = ({ full }: Scene): number => (full ? 5_000 : 3_000);

export const SLEEP: readonly Fault[] = [
  {
    name: 'process: SIGSTOP, then SIGCONT',
    promise: 'nothing lost, nobody closed as stalled, no upstream cut, no storm of heartbeats',
    run: (scene) => sleepThrough(scene, command, stopped, stopMs(scene), true),
  },
  {
    name: 'process: stopped again and again, before an upstream that does not replay',
    promise: 'the same, as its connection is not cut',
    run: (scene) => sleepThrough(scene, command, hiccups, stopMs(scene), 'unknown'),
  },
  {
    name: 'process: event loop blocked by a route of the host',
    promise: 'the same',
    run: (scene) => sleepThrough(scene, hostApp, blocked, stopMs(scene), true),
  },
];
