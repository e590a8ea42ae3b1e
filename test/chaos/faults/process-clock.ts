/** Wall clocks that are set: while the process runs, and between two of its lives. */
import assert from 'node:assert/strict';
import { until } from '../../helpers/waits.js';
import type { Fault, Scene } from '../fault.js';
import { command, settled, upstreamOf } from '../process/stage.js';

const HOUR_MS = 3_600_000;
const FORWARD_MS = HOUR_MS;
const BACK_MS = -2 * HOUR_MS;
const QUICK = { heartbeatMs: 400, stalledMs: 2_000, idleTimeoutMs: 2_000, maxAgeMs: 1_200_000 };

async function setWhileRunning(scene: Scene) {
  const upstream = await upstreamOf(scene);
  const gateway = await command(
    scene,
    {
      defaults: QUICK,
      channels: { events: { url: upstream.url, replay: true, ids: 'gateway' }, quiet: {} },
    },
    // The second step is from an hour ahead to two hours behind.
    { clockSteps: [0, FORWARD_MS, BACK_MS - FORWARD_MS] },
  );
  upstream.start(50);
  const clients = await gateway.readers(30);
  const quiet = gateway.client({ path: '/events/quiet' });
  let back = 0;
  for (let step = 1; step <= 2; step += 1) {
    gateway.child.kill('SIGUSR2');
    await until(
      () => gateway.child.stderr.filter((line) => line.startsWith('clock set')).length === step,
      () => 'the clock is not set',
    );
    const beats = quiet.commentCount;
    const began = performance.now();
    // Three rounds of heartbeats, at their own pace.
    await quiet.waitFor(({ commentCount }) => commentCount >= beats + 3);
    assert.ok(performance.now() - began > QUICK.heartbeatMs, 'heartbeats come at their pace');
    // Who comes back with an id from before the step goes on exactly.
    for (const [i, client] of clients.entries()) {
      if (i % 3 !== step) continue;
      clients[i] = client.reconnect();
      scene.teardown(() => clients[i]!.destroy());
      back += 1;
    }
  }
  upstream.stop();
  const outcome = await settled(clients, upstream.publishNumbered());
  assert.deepEqual(outcome, { lost: 0, duplicated: 0, announced: 0 });
  const metrics = await gateway.metrics();
  assert.equal(
    metrics.sum('client_disconnects_total'),
    metrics.sum('client_disconnects_total', { reason: 'client-closed' }),
  );
  assert.equal(metrics.sum('upstream_disconnects_total'), 0);
  return {
    ...outcome,
    seen: `+1 h, then −2 h: 0 closed, 0 upstreams cut, ${back} of ${back} resumed exactly`,
  };
}

/** A life whose epoch is ahead of the clock of the next one. */
async function setBetweenLives(scene: Scene) {
  const told = await Promise.all([lifeAhead(scene, 'gateway'), lifeAhead(scene, 'auto')]);
  return { announced: told.length, seen: `gap epoch for ${told.join(', ')}` };
}

async function lifeAhead(scene: Scene, ids: 'gateway' | 'auto'): Promise<string> {
  const upstream = await upstreamOf(scene, { replay: false, ids: false });
  const channels = { events: { url: upstream.url, ids, lingerMs: 60_000 } };
  const lived = await command(scene, { channels });
  upstream.start(50);
  const [client] = await lived.readers(1, { keep: 'last' });
  await client!.waitFor(20);
  const id = client!.lastEventId;
  await lived.child.stop();
  const next = await command(scene, { channels }, { clockSteps: [BACK_MS] });
  // Its seq is one that this life has, too: only the epoch tells the two apart.
  const [other] = await next.readers(1, { keep: 'last' });
  await other!.waitFor(({ lastEventId }) => seqOf(lastEventId) > seqOf(id));
  const own = other!.lastEventId;
  assert.ok(
    epochOf(own) < epochOf(id),
    `the clock was set back: epoch ${epochOf(own)} behind ${epochOf(id)}`,
  );
  const heir = client!.reconnect({ port: next.port, keep: 'all' });
  scene.teardown(() => heir.destroy());
  await heir.waitFor(2);
  assert.equal(heir.headers['sse-gateway-resume'], 'gap');
  const [gap, ...events] = heir.events;
  assert.equal(gap!.type, 'gateway.gap');
  assert.deepEqual(pick(JSON.parse(gap!.data)), { from: id, reason: 'epoch' });
  assert.ok(events.every(({ id: later }) => epochOf(later) === epochOf(own)));
  return `ids ${ids}: ${id} in a life of epoch ${own.split('-')[1]}`;
}

const seqOf = (id: string): number => Number(id.split('-')[0]);
const epochOf = (id: string): number => Number.parseInt(id.split('-')[1]!, 36);
const pick = ({ from, reason }: { from: string; reason: string }) => ({ from, reason });

export const CLOCK: readonly Fault[] = [
  {
    name: 'process: wall clock set by +1 h, then by −2 h',
    promise: 'no timer notices; ids from before the step resume exactly',
    run: setWhileRunning,
  },
  {
    name: 'process: restart with the wall clock 2 h behind',
    promise: 'an id of an epoch ahead of the clock is a told gap, never a wrong resume',
    run: setBetweenLives,
  },
];
