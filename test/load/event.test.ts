/** Events of load runs have the size that was asked for and say what was put into them. */
import t from 'tap';
import { Latencies } from '../../load/checking/latencies.js';
import { judge, median, type Run } from '../../load/rounds.js';
import { events, idOf, MIN_EVENT_BYTES, Reading, read } from '../../load/wire/event.js';

t.test('an event has exactly the bytes asked for, one behind the other', async (t) => {
  for (const bytes of [MIN_EVENT_BYTES, 128, 1_024]) {
    const batch = events(41, 3, bytes, 123_456_789);
    t.equal(batch.length, 3 * bytes);
    const blocks = batch.toString('latin1').split('\n\n');
    t.equal(blocks.length, 4);
    const reading = new Reading();
    for (const [index, block] of blocks.slice(0, 3).entries()) {
      const [id, data] = block.split('\n');
      t.equal(id, `id: ${idOf(41 + index)}`);
      const value = new TextEncoder().encode(data!.slice('data: '.length));
      t.ok(read(value, 0, value.length, reading));
      t.match(reading, { seq: 41 + index, micros: 123_456_789 });
    }
  }
  t.throws(() => events(0, 1, MIN_EVENT_BYTES - 1, 0), RangeError);
});

t.test('quantiles are within 4 % of the exact ones', async (t) => {
  const latencies = new Latencies();
  for (let micros = 1; micros <= 100_000; micros += 1) latencies.add(micros);
  for (const q of [0.01, 0.5, 0.9, 0.99]) {
    const off = latencies.quantile(q) / (q * 100);
    t.ok(off >= 1 && off < 1.04, `q ${q}: ${off}`);
  }
  t.match(latencies.summary(), { count: 100_000, max: 100 });
  latencies.clear();
  t.match(latencies.summary(), { count: 0, p50: Number.NaN });
});

t.test(
  'a row is the median of the ratios of each round, over the rounds in which both sides counted',
  async (t) => {
    const run = (target: string, round: number, cpu?: number): Run =>
      cpu === undefined ? { target, round, void: 'why' } : { target, round, figures: { cpu } };
    const runs = [
      run('a', 0, 1),
      run('b', 0, 2),
      run('a', 1, 9),
      run('b', 1),
      run('a', 2, 3),
      run('b', 2, 3),
      run('a', 3, 4),
      run('b', 3, 5),
    ];
    const row = { title: '', figure: 'cpu', of: 'a', to: 'b', must: 0.8, aim: 0.5 };
    t.match(judge(row, runs), { value: 0.8, low: 0.5, high: 1, rounds: 3, verdict: 'must' });
    t.match(judge({ ...row, aim: 0.8 }, runs), { verdict: 'aim' });
    t.match(judge({ ...row, must: 0.7 }, runs), { verdict: 'missed' });
    t.match(judge({ ...row, bound: 'min', must: 0.9, aim: 0.95 }, runs), { verdict: 'missed' });
    t.match(judge({ ...row, of: 'c' }, runs), { rounds: 0, verdict: 'not measured' });
    t.equal(median([4, 1, 3, 2]), 2.5);
  },
);
