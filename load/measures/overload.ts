/**
 * More than some servers can do: what is delivered while it is offered, and in what time. A server holds a load when
 * every client has the last event shortly after it was offered; of one that does not, what was delivered until then
 * counts, and what it still owes is lag.
 */

import type { Offered } from '../processes/upstream.js';
import { peakBytes, resetPeak, rssBytes } from '../processes/usage.js';
import { Stage } from '../stage.js';
import type { Figures, Measure } from './measure.js';

const CLIENTS = 1_000;
const SECONDS = 5;
const WRITES_PER_SECOND = 1_000;
const HELD_MS = 200;
/** Of the load that is named: the upstream's own timer is not exact. */
const HELD = 0.98;

function overload(perWrite: number): (target: string) => Promise<Figures> {
  return (target) =>
    Stage.with(target, async (stage) => {
      const unused = rssBytes(stage.pids);
      await stage.enter(CLIENTS);
      await stage.deliver({ rate: 50, writes: 60 });
      await stage.client.ask('nap', { ms: 1 });
      await stage.client.ask('begin');
      resetPeak(stage.pids);
      const before = stage.cpu();
      const offer = { rate: WRITES_PER_SECOND, perWrite, writes: SECONDS * WRITES_PER_SECOND };
      const { events, skipped } = await stage.upstream.ask<Offered>('offer', offer);
      const used = stage.cpu() - before;
      const { delivered, seconds, latency, busy } = await stage.checked();
      const held = await stage.client.ask<boolean>('everybodyHas', { seq: events - 1, timeoutMs: HELD_MS });
      return {
        perSecond: delivered / seconds / 1e6,
        held: held ? 1 : 0,
        p50: latency.p50,
        p99: latency.p99,
        perCpuSecond: delivered / used,
        serverBusy: used / 1e6 / seconds,
        clientBusy: busy,
        peakMiB: (peakBytes(stage.pids) - unused) / 2 ** 20,
        skipped,
      };
    });
}

export const thousand: Measure = {
  name: 'held-1000',
  title: '1,000 clients x 1,000 events/s',
  targets: ['net', 'naive', 'ours', 'ours pool:false'],
  run: overload(1),
  rows: [
    {
      title: 'ours, deliveries held',
      figure: 'perSecond',
      of: 'ours',
      bound: 'min',
      must: HELD,
      aim: HELD,
      unit: 'M/s',
    },
    { title: 'ours, p99', figure: 'p99', of: 'ours', must: 100, aim: 40, unit: 'ms' },
    { title: 'naive, deliveries', figure: 'perSecond', of: 'naive', unit: 'M/s' },
    { title: 'naive, p99', figure: 'p99', of: 'naive', unit: 'ms' },
    {
      title: 'per CPU second, ours vs naive',
      figure: 'perCpuSecond',
      of: 'ours',
      to: 'naive',
      bound: 'min',
      aim: 1.2,
    },
    { title: 'peak memory over idle, ours vs naive', figure: 'peakMiB', of: 'ours', to: 'naive', aim: 0.85 },
    { title: 'pool on vs off, per CPU second', figure: 'perCpuSecond', of: 'ours', to: 'ours pool:false' },
    { title: 'pool on vs off, peak memory over idle', figure: 'peakMiB', of: 'ours', to: 'ours pool:false' },
  ],
};

export const fourThousand: Measure = {
  name: 'held-4000',
  title: '1,000 clients x 4,000 events/s',
  targets: ['net', 'naive', 'ours'],
  run: overload(4),
  rows: [
    {
      title: 'ours, deliveries held',
      figure: 'perSecond',
      of: 'ours',
      bound: 'min',
      must: 3 * HELD,
      aim: 4 * HELD,
      unit: 'M/s',
    },
    { title: 'ours, p99', figure: 'p99', of: 'ours', must: 100, aim: 40, unit: 'ms' },
    {
      title: 'throughput, ours vs naive',
      figure: 'perSecond',
      of: 'ours',
      to: 'naive',
      bound: 'min',
      must: 5,
      aim: 20,
    },
  ],
};
