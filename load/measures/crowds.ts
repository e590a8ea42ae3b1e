/** Many clients, and some that don't read: what the others and the memory feel of it. */
import type { LatencySummary } from '../checking/latencies.js';
import { peakBytes, resetPeak, rssBytes } from '../processes/usage.js';
import { Stage } from '../stage.js';
import type { Measure } from './measure.js';

const PROBE_MS = 25;

export const large: Measure = {
  name: 'large',
  title: '10,000 clients x 1 KiB, all delivered, p99 of /health',
  targets: ['ours'],
  run: (target) =>
    Stage.with(target, async (stage) => {
      await stage.enter(10_000);
      await stage.deliver({ rate: 5, bytes: 1_024, writes: 10 });
      await stage.client.ask('nap', { ms: 1 });
      const figures: Record<string, number> = {};
      for (const rate of [5, 10]) {
        await stage.client.ask('begin');
        await stage.upstream.ask('probe', { port: stage.port, path: '/health', everyMs: PROBE_MS });
        await stage.deliver({ rate, bytes: 1_024, writes: 8 * rate });
        const health = await stage.upstream.ask<LatencySummary & { failed: number }>('probed');
        const { latency, busy } = await stage.checked();
        figures[`health${rate}`] = health.failed === 0 ? health.p99 : Number.POSITIVE_INFINITY;
        figures[`p99At${rate}`] = latency.p99;
        figures[`clientBusyAt${rate}`] = busy;
      }
      return figures;
    }),
  rows: [
    { title: 'at 5 events/s', figure: 'health5', of: 'ours', must: 100, unit: 'ms' },
    { title: 'at 10 events/s', figure: 'health10', of: 'ours', aim: 50, unit: 'ms' },
  ],
};

const STALLED = 100;
const HEALTHY = 10;
const EVENT_BYTES = 1_024;
const LOGICAL_BYTES = 1.2e9;
const PER_WRITE = 16;
/** What the log of a channel keeps by default. */
const LOG_BYTES = 8 * 2 ** 20;

/** The same events for the same readers, with others or without. */
function aboveLog(target: string, others: number): Promise<number> {
  return Stage.with(target, async (stage) => {
    await stage.enter(others, { role: 'stalled' });
    await stage.enter(HEALTHY);
    await stage.deliver({ rate: 50, writes: 100 });
    await stage.client.ask('begin');
    resetPeak(stage.pids);
    const idle = rssBytes(stage.pids);
    const events = LOGICAL_BYTES / (STALLED + HEALTHY) / EVENT_BYTES;
    const writes = Math.ceil(events / PER_WRITE);
    await stage.deliver({ rate: 100, perWrite: PER_WRITE, bytes: EVENT_BYTES, writes });
    await stage.checked();
    return (peakBytes(stage.pids) - idle - LOG_BYTES) / 2 ** 20;
  });
}

export const stalled: Measure = {
  name: 'stalled',
  title: '100 stalled readers during 1.2 GB of logical traffic',
  targets: ['ours', 'naive'],
  run: async (target) => ({
    aboveLogMiB: await aboveLog(target, STALLED),
    withoutMiB: await aboveLog(target, 0),
  }),
  rows: [
    {
      title: "ours, peak above idle and the log's bound",
      figure: 'aboveLogMiB',
      of: 'ours',
      must: 15,
      aim: 5,
      unit: 'MiB',
    },
    { title: 'ours, likewise without the stalled', figure: 'withoutMiB', of: 'ours', unit: 'MiB' },
    { title: 'naive, likewise', figure: 'aboveLogMiB', of: 'naive', unit: 'MiB' },
  ],
};

export const latency: Measure = {
  name: 'latency',
  title: '100 clients x 100 events/s, upstream byte to client byte',
  targets: ['net', 'ours', 'naive'],
  run: (target) =>
    Stage.with(target, async (stage) => {
      await stage.enter(100);
      await stage.deliver({ rate: 100, writes: 150 });
      await stage.client.ask('begin');
      await stage.deliver({ rate: 100, writes: 500 });
      const {
        latency: { p50, p99 },
      } = await stage.checked();
      return { p50, p99 };
    }),
  rows: [
    { title: 'ours, p50', figure: 'p50', of: 'ours', must: 1.5, aim: 0.5, unit: 'ms' },
    { title: 'ours, p99', figure: 'p99', of: 'ours', must: 8, aim: 3, unit: 'ms' },
    { title: 'net, p50', figure: 'p50', of: 'net', unit: 'ms' },
    { title: 'net, p99', figure: 'p99', of: 'net', unit: 'ms' },
  ],
};
