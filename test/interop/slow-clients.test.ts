/**
 * Clients that never read: what they cost the gateway and the others, against the same run without them. By default
 * with a small crowd, where memory and fates are judged and latency is only reported; `SLOW_CLIENTS_FULL=1` takes 2,000
 * clients, judges latency too, and takes the medians of `SLOW_CLIENTS_RUNS` (default 3) interleaved pairs.
 */
import t from 'tap';
import { type CrowdOptions, type CrowdResult, runCrowd } from './fixtures/crowd.js';

const FULL = process.env['SLOW_CLIENTS_FULL'] === '1';
const RUNS = FULL ? Number(process.env['SLOW_CLIENTS_RUNS'] ?? 3) : 1;
const CROWD: CrowdOptions = FULL
  ? { readers: 1_950, stuck: 50, events: 150, perSecond: 10, stalledMs: 40_000 }
  : { readers: 290, stuck: 10, events: 100, perSecond: 40, stalledMs: 8_000 };

const MAX_RATIO = 1.5;
const MAX_RISE_BYTES = 32 * 1024 * 1024;

// Runs in full take minutes; the runner and the file itself must know.
t.setTimeout(FULL ? 1_200_000 : 110_000);

t.test(
  `${CROWD.stuck} clients of ${CROWD.readers + CROWD.stuck} that never read cost the others nothing, and leave as stalled`,
  async (t) => {
    const withStuck: CrowdResult[] = [];
    const without: CrowdResult[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      withStuck.push(await runCrowd(t, CROWD));
      without.push(await runCrowd(t, { ...CROWD, stuck: 0 }));
    }
    for (const result of withStuck) t.comment(`with the stuck: ${line(result)}`);
    for (const result of without) t.comment(`without: ${line(result)}`);

    const p99 = (results: CrowdResult[]) => median(results.map(({ latency }) => latency.quantile(0.99)));
    const ratio = p99(withStuck) / p99(without);
    const rise = median(withStuck.map(({ rss }) => rss)) - median(without.map(({ rss }) => rss));
    t.comment(`p99 ratio ${ratio.toFixed(2)}, RSS rise ${mib(rise)} MiB`);

    for (const result of withStuck) {
      t.equal(result.stalled, CROWD.stuck, 'every one of them left as stalled');
      t.equal(result.heldToTheEnd, CROWD.stuck, 'and was there for the whole measurement');
    }
    for (const result of [...withStuck, ...without])
      t.strictSame(result.wronged, [], 'everybody else is complete');
    t.ok(rise < MAX_RISE_BYTES, `the gateway's memory rises by ${mib(rise)} MiB`);
    if (FULL) t.ok(ratio <= MAX_RATIO, `the p99 of the others is ${ratio.toFixed(2)} of what it is without`);
  },
);

function line({ latency, rss, stalled, lagged }: CrowdResult): string {
  const ms = (q: number) => latency.quantile(q).toFixed(1);
  return `p50 ${ms(0.5)} p99 ${ms(0.99)} max ${latency.max.toFixed(1)} ms of ${latency.count}; RSS ${mib(rss)} MiB; stalled ${stalled}, gaps for lag ${lagged}`;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function mib(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}
