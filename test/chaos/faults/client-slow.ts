/** Clients that read slowly, or not at all. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SseClient } from '../../helpers/sse-client.js';
import { scrape, sumOf } from '../../plugins/scrape.js';
import type { Fault } from '../fault.js';
import { assertNobodyLeft, inBothForms, megabytes, stageOf } from './client-stage.js';

const RETAIN = 1_000_000;
const EVENT_BYTES = 5_000;

const neverReads = inBothForms({
  name: 'client: never reads',
  promise: 'it goes as stalled, what it holds of the log is within retainBytes, and the others miss nothing',
  run: async (scene, detachStreams) => {
    const stalledMs = scene.full ? 30_000 : 500;
    const { gateway, reasons } = await stageOf(
      scene,
      { retainBytes: RETAIN, maxEventBytes: RETAIN / 4, stalledMs, heartbeatMs: 100 },
      { detachStreams },
      { upstream: { dataBytes: EVENT_BYTES } },
    );
    const other = await gateway.live({ keep: 'check' });
    const silent = Array.from({ length: 10 }, () => gateway.client({ paused: true, keep: 'last' }));
    await gateway.waitForSubscribers(1 + silent.length);
    let most = 0;
    while (gateway.subscribers > 1) {
      gateway.upstream.publishNumbered(20);
      await other.waitFor(gateway.upstream.number, undefined, 30_000);
      const { log } = gateway.app.sseGateway.stats().channels['prices']!;
      most = Math.max(most, log.pinnedBytes);
    }
    assert.deepEqual(new Set(reasons), new Set(['stalled']));
    // A segment more per look: what is pinned is looked at once per tick.
    assert.ok(most <= 2 * RETAIN, `${most} bytes pinned`);
    assert.ok(other.check!.contiguous, String(other.check));
    other.destroy();
    for (const client of silent) client.destroy();
    await assertNobodyLeft(gateway);
    return {
      lost: 0,
      duplicated: 0,
      memoryBytes: most,
      seen: `${silent.length} stalled; pinned at most ${megabytes(most)}, limit ${megabytes(2 * RETAIN)}`,
    };
  },
});

/**
 * Linux takes more for a full send buffer only when a third of it is free, 1.4 of 4 MiB, and a full receive buffer opens by a
 * sixteenth, 0.4 of 6 MiB: at 10 KB/s that is nothing taken for three minutes.
 */
const STEADY_MS = 240_000;

/** Reads so many bytes per second, in steps of a tenth of it. */
function throttle(client: SseClient, bytesPerSecond: number): () => void {
  let read = 0;
  client.pause();
  const timer = setInterval(() => {
    if (client.bytes < read + bytesPerSecond / 10) {
      client.resume();
      setImmediate(() => client.pause());
    }
    read += bytesPerSecond / 10;
  }, 100);
  return () => clearInterval(timer);
}

const readsSlowly = inBothForms({
  name: 'client: reads 10 KB/s',
  promise:
    'where stalledMs gives it the time it stays, is told of every event it lost, and nobody waits for it',
  run: async (scene, detachStreams) => {
    const { gateway, reasons } = await stageOf(
      scene,
      { retainBytes: RETAIN, maxEventBytes: RETAIN / 4, stalledMs: STEADY_MS, heartbeatMs: 100 },
      { detachStreams },
      { upstream: { dataBytes: EVENT_BYTES } },
    );
    const other = await gateway.live({ keep: 'check' });
    const slow = await gateway.reader({ keep: 'check' });
    const stop = throttle(slow, 10_000);
    scene.teardown(stop);
    const over = performance.now() + (scene.full ? 300_000 : 4_000);
    while (performance.now() < over) {
      gateway.upstream.publishNumbered(20);
      await other.waitFor(gateway.upstream.number, undefined, 30_000);
    }
    assert.equal(gateway.subscribers, 2, reasons.join());
    stop();
    slow.resume();
    await slow.waitFor(({ check }) => check!.gaps > 0, 'the gap', 30_000);
    // What is published before it is through with what it lost is lost with that.
    while (sumOf(await scrape(gateway), 'events_pending') > 0) await sleep(20);
    gateway.upstream.publishNumbered(1);
    await slow.waitFor(({ check }) => check!.last === gateway.upstream.number, 'the last event', 30_000);
    const check = slow.check!;
    assert.ok(check.honest && other.check!.contiguous, `${check}; the other ${other.check}`);
    assert.equal(check.events + check.toldLost, gateway.upstream.number, 'told to the event');
    assert.equal(sumOf(await scrape(gateway), 'gaps_total'), check.gaps);
    other.destroy();
    slow.destroy();
    await gateway.waitForSubscribers(0);
    const { events, toldLost, lost, duplicates } = check;
    return {
      ...{ lost, duplicated: duplicates, announced: check.gaps },
      seen: `${events} events read, ${toldLost} told as lost, of ${gateway.upstream.number}`,
    };
  },
});

export const SLOW_FAULTS: readonly Fault[] = [...neverReads, ...readsSlowly];
