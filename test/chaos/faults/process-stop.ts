/** Processes that are told to end: SIGTERM under load, and a second one. */
import assert from 'node:assert/strict';
import type { Fault, Scene } from '../fault.js';
import { command, passes, settled, upstreamOf } from '../process/stage.js';

const DRAIN = { drainDelayMs: 300, drainMs: 1_500, retryMinMs: 1_000, retryMaxMs: 2_000 };
/** For the last flush of the streams, the close of the server and a busy machine. */
const SLACK_MS = 4_000;

async function drainUnderLoad(scene: Scene) {
  const [count, perSecond] = scene.full ? [800, 200] : [200, 100];
  const upstream = await upstreamOf(scene);
  const { drainDelayMs, drainMs, ...retry } = DRAIN;
  const options = {
    ...{ drainDelayMs, drainMs },
    channels: { events: { url: upstream.url, replay: true, ...retry } },
  };
  const [leaving, staying] = await Promise.all([command(scene, options), command(scene, options)]);
  upstream.start(perSecond);
  // One who is there already, so that the other instance has history to hand out.
  const [incumbent] = await staying.readers(1);
  const clients = await leaving.readers(count);
  const began = performance.now();
  leaving.child.kill('SIGTERM');
  const heirs = await Promise.all(
    clients.map(async (client) => {
      const { why, atBoundary } = await client.waitForClose(20_000);
      assert.deepEqual(
        { why, atBoundary },
        { why: 'complete', atBoundary: true },
        'a stream ends with whole events',
      );
      assert.ok(client.retry! >= retry.retryMinMs, `retry: ${client.retry}`);
      const heir = client.reconnect({ port: staying.port });
      scene.teardown(() => heir.destroy());
      return heir;
    }),
  );
  const endedMs = performance.now() - began;
  const exit = await leaving.child.waitForExit(20_000);
  const exitMs = performance.now() - began;
  assert.deepEqual(exit, { code: 0, signal: null });
  const limitMs = drainDelayMs + Math.min(drainMs, 5 * count) + SLACK_MS;
  assert.ok(exitMs < limitMs, `gone after ${exitMs} ms, within ${limitMs}`);
  upstream.stop();
  const outcome = await settled([incumbent!, ...heirs], upstream.publishNumbered());
  assert.deepEqual(outcome, { lost: 0, duplicated: 0, announced: 0 });
  const figures = `${count} streams at ${perSecond} events/s ended within ${Math.round(endedMs)} ms`;
  return { ...outcome, seen: `${figures}, exit 0 after ${Math.round(exitMs)} of ${limitMs} ms` };
}

async function secondSignal(scene: Scene) {
  const upstream = await upstreamOf(scene);
  const gateway = await command(scene, {
    drainDelayMs: 600_000,
    channels: { events: { url: upstream.url } },
  });
  const client = gateway.client();
  await client.opened();
  await upstream.waitForConnections(1);
  upstream.publishNumbered();
  await client.waitFor(1);
  gateway.child.kill('SIGTERM');
  await gateway.child.waitForLine(/draining/);
  // One so soon after the first is the same one, passed on by npm.
  await passes(300);
  const began = performance.now();
  gateway.child.kill('SIGTERM');
  const exit = await gateway.child.waitForExit();
  const tookMs = performance.now() - began;
  assert.deepEqual(exit, { code: 143, signal: null });
  assert.ok(tookMs < 1_000, `${tookMs} ms`);
  const { atBoundary } = await client.waitForClose();
  assert.ok(atBoundary);
  return { seen: `exit 143 after ${Math.round(tookMs)} of 1,000 ms, where the drain would have taken 600 s` };
}

export const STOP: readonly Fault[] = [
  {
    name: 'process: SIGTERM under load',
    promise: 'streams end whole, with a retry; clients go on elsewhere exactly; exit 0 in time',
    run: drainUnderLoad,
  },
  {
    name: 'process: a second SIGTERM',
    promise: 'ends a drain there and then, exit 143',
    run: secondSignal,
  },
];
