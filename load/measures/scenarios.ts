/**
 * What goes on around a gateway, with the checking client as judge: a run counts only if every client that was there all
 * along, or came back with its last id, has every event once and in order.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Offer } from '../processes/upstream.js';
import { peakBytes } from '../processes/usage.js';
import { Stage } from '../stage.js';
import type { Measure, Row } from './measure.js';

interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly target?: string;
  readonly clients: number;
  readonly offer: Offer & { readonly writes: number };
  /** Others beside the readers. */
  readonly others?: (stage: Stage) => Promise<void>;
  /** Goes on while events are offered. */
  readonly meanwhile?: (stage: Stage) => Promise<void>;
}

function scenario({ target = 'ours', ...it }: Scenario): Measure {
  const row = (title: string, figure: string, unit?: string): Row => ({
    title,
    figure,
    of: target,
    ...(unit === undefined ? {} : { unit }),
  });
  return {
    name: it.name,
    title: it.title,
    targets: [target],
    rows: [
      row('deliveries, all complete and in order', 'delivered'),
      row('p99', 'p99', 'ms'),
      row('CPU per delivery', 'cpuMicros', 'µs'),
    ],
    run: (name) =>
      Stage.with(name, async (stage) => {
        await stage.enter(it.clients);
        await it.others?.(stage);
        await stage.deliver({
          rate: 50,
          writes: 40,
          ...(it.offer.bytes === undefined ? {} : { bytes: it.offer.bytes }),
        });
        await stage.client.ask('begin');
        const before = stage.cpu();
        const delivered = stage.deliver(it.offer);
        await Promise.all([delivered, it.meanwhile?.(stage)]);
        await stage.arrived();
        const used = stage.cpu() - before;
        const report = await stage.checked();
        return {
          delivered: report.delivered,
          p50: report.latency.p50,
          p99: report.latency.p99,
          cpuMicros: used / report.delivered,
          peakMiB: peakBytes(stage.pids) / 2 ** 20,
          clientBusy: report.busy,
        };
      }),
  };
}

const times = async (count: number, everyMs: number, action: () => Promise<unknown>): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) {
    await sleep(everyMs);
    await action();
  }
};

export const SCENARIOS: readonly Measure[] = [
  scenario({
    name: 'burst',
    title: '500 clients, 500 events at once every half second',
    clients: 500,
    offer: { rate: 2, perWrite: 500, writes: 12 },
  }),
  scenario({
    name: 'slow-clients',
    title: '300 clients, 30 that read 100 KB/s and 20 that never read, 200 KB/s',
    clients: 300,
    others: async (stage) => {
      await stage.enter(30, { role: 'slow' });
      await stage.enter(20, { role: 'stalled' });
    },
    offer: { rate: 100, perWrite: 2, bytes: 1_024, writes: 600 },
  }),
  scenario({
    name: 'reconnect-storm',
    title: '2,000 clients, all cut three times, back with their last id',
    clients: 2_000,
    offer: { rate: 20, writes: 160 },
    meanwhile: (stage) => times(3, 1_500, () => stage.comeBack(2_000)),
  }),
  scenario({
    name: 'churn',
    title: '500 clients stay while 100 leave and 100 come, ten times a second',
    clients: 500,
    offer: { rate: 20, writes: 140 },
    meanwhile: (stage) =>
      times(50, 100, async () => {
        await stage.enter(100, { role: 'passing' });
        await stage.client.ask('leave', { count: 100, role: 'passing' });
      }),
  }),
  scenario({
    name: 'large-events',
    title: '100 clients x 5 events/s x 256 KiB',
    clients: 100,
    offer: { rate: 5, bytes: 262_144, writes: 30 },
  }),
  scenario({
    name: 'upstream-flap',
    title: '500 clients, the upstream cut every second, its replay declared',
    target: 'ours replay:true',
    clients: 500,
    offer: { rate: 50, writes: 350 },
    meanwhile: (stage) => times(6, 1_000, () => stage.upstream.ask('flap')),
  }),
];
