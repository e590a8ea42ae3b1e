/** A gateway with little memory, in a process of its own, under floods and a herd. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { GatewayLife } from '../../exactness/fixtures/gateway-life.js';
import { ScriptedUpstream } from '../../helpers/scripted-upstream.js';
import { SseClient } from '../../helpers/sse-client.js';
import { until } from '../../helpers/waits.js';
import { scrape } from '../../interop/scrape.js';
import type { Fault, Outcome, Scene } from '../fault.js';
import { Herd } from '../fixtures/herd.js';
import { Incumbents } from '../fixtures/incumbents.js';

const MIB = 1_048_576;
const HEAP_MIB = 128;
const MAX_LOG_BYTES = 32 * MIB;
/** Above what it has when it has just begun: the heap, the logs, the pool's free slabs, and copies under way. */
const GROWTH_MIB = HEAP_MIB + MAX_LOG_BYTES / MIB + 16 + 128;

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]) * 1_024;
}

async function floodAndHerd(scene: Scene): Promise<Outcome> {
  const size = scene.full ? 3_000 : 300;
  const floodMs = scene.full ? 120_000 : 8_000;
  const quiet = await ScriptedUpstream.listen({ dataBytes: 300 });
  scene.teardown(() => quiet.close());
  const small = await ScriptedUpstream.listen();
  scene.teardown(() => small.close());
  const large = await ScriptedUpstream.listen();
  scene.teardown(() => large.close());
  const gateway = await GatewayLife.begin(
    scene,
    {
      channels: {
        prices: { url: quiet.url, replay: true, always: true },
        small: { url: small.url, always: true },
        large: { url: large.url, always: true },
      },
      maxLogBytes: MAX_LOG_BYTES,
      detachStreams: true,
    },
    [`--max-old-space-size=${HEAP_MIB}`],
  );
  const incumbents = await Incumbents.enter(scene, gateway.port, 30);
  const history = quiet.publishNumbered(2_000);
  await incumbents.waitForLast(history);
  quiet.start(20);
  const idle = residentBytes(gateway.pid);
  let peak = idle;
  const look = (): void => {
    assert.ok(!gateway.gone, 'the gateway is down');
    peak = Math.max(peak, residentBytes(gateway.pid));
  };

  const readers = ['small', 'large'].flatMap((channel) =>
    Array.from(
      { length: 20 },
      (_, n) =>
        new SseClient({ port: gateway.port, path: `/events/${channel}`, keep: 'last', paused: n >= 5 }),
    ),
  );
  scene.teardown(() => {
    for (const reader of readers) reader.destroy();
  });
  await until(
    () => small.connections === 1 && large.connections === 1,
    () => 'the flooding upstreams are not read',
  );
  const [smallEvents, largeEvent] = [
    `data: ${'s'.repeat(190)}\n\n`.repeat(500),
    `data: ${'l'.repeat(700_000)}\n\n`,
  ];
  const floods = [
    setInterval(() => small.write(smallEvents), 10),
    setInterval(() => large.write(largeEvent), 50),
  ];
  const stop = (): void => {
    for (const timer of floods) clearInterval(timer);
  };
  scene.teardown(stop);

  const standing = Array.from({ length: size }, () => scene.whole(1, history - 1));
  const herd = new Herd(scene, { port: gateway.port, standing, patience: 0.05 });
  await herd.status();
  const began = performance.now();
  for (let times = 1; performance.now() - began < floodMs || times === 1; times += 1) {
    await herd.enter();
    await herd.waitFor(
      ({ inside, behind }) => {
        look();
        return inside === size && behind === 0;
      },
      'everybody inside and caught up',
      { last: quiet.number, deadlineMs: 120_000 },
    );
    await herd.leave();
    scene.progress(`the herd came ${times} times, ${(peak / MIB).toFixed(0)} MiB`);
  }
  stop();
  quiet.stop();
  await incumbents.waitForLast(quiet.number, 60_000);
  incumbents.assertUnharmed();
  const metrics = await scrape(gateway.port);
  const heldBytes = metrics.sum('log_held_bytes');
  const growth = peak - idle;
  assert.ok(growth <= GROWTH_MIB * MIB, `grew by ${(growth / MIB).toFixed(0)} MiB, at most ${GROWTH_MIB}`);
  const stalled = metrics.sum('client_disconnects_total', { reason: 'stalled' });
  const flooded = (metrics.sum('bytes_in_total') / MIB).toFixed(0);
  return {
    lost: 0,
    duplicated: 0,
    memoryBytes: growth,
    seen: `${flooded} MiB flooded, ${size} clients came again and again; resident ${(idle / MIB).toFixed(0)} MiB idle, ${(peak / MIB).toFixed(0)} at most (limit +${GROWTH_MIB}); ${(heldBytes / MIB).toFixed(1)} MiB in logs at the end; ${stalled} closed as stalled`,
  };
}

export const lowMemory: readonly Fault[] = [
  {
    name: 'memory: flood and herd with 128 MiB of heap',
    promise: 'the gateway lives, grows no more than its budgets say, and serves everybody exactly',
    run: floodAndHerd,
  },
];
