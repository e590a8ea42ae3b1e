import t from 'tap';
import { Latencies } from './latency.js';
import { seededRandom } from './manual-clock.js';

t.test('quantiles are within two percent of the sorted samples, from microseconds to minutes', async (t) => {
  const random = seededRandom(7);
  const samples = Array.from({ length: 5_000 }, () => 0.002 * 10 ** (random() * 7));
  const [all, odd] = [new Latencies(), new Latencies()];
  for (const [at, ms] of samples.entries()) (at % 2 === 0 ? all : odd).record(ms);
  all.add(odd);
  samples.sort((a, b) => a - b);
  for (const q of [0.01, 0.5, 0.9, 0.99, 0.999, 1]) {
    const exact = samples[Math.ceil(q * samples.length) - 1]!;
    const error = Math.abs(all.quantile(q) / exact - 1);
    t.ok(error < 0.02, `quantile ${q} is off by ${error}`);
  }
  t.equal(all.count, samples.length);
  t.equal(all.max, samples.at(-1));
  t.ok(Math.abs(all.mean / (samples.reduce((sum, ms) => sum + ms) / samples.length) - 1) < 1e-9);
});

t.test('no samples, negative and enormous ones have an answer', async (t) => {
  const latencies = new Latencies();
  t.equal(latencies.quantile(0.5), 0);
  t.equal(latencies.mean, 0);
  latencies.record(-1);
  latencies.record(1e12);
  t.equal(latencies.quantile(1), 1e12);
  t.equal(latencies.count, 2);
});
