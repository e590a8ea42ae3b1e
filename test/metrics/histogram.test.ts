import t from 'tap';
import { Histogram } from '../../src/metrics/histogram.js';

t.test('a value on a bound counts for that bound, one above all for the last bucket only', async (t) => {
  const histogram = new Histogram([1, 2, 4]);
  for (const value of [0, 1, 1.5, 2, 4, 4.1, 1e9]) histogram.observe(value);
  t.same(histogram.cumulative(), [2, 4, 5, 7]);
  t.equal(histogram.sum, 0 + 1 + 1.5 + 2 + 4 + 4.1 + 1e9);
});

t.test('an empty histogram has a zero for every bound and for all', async (t) => {
  t.same(new Histogram([1, 2]).cumulative(), [0, 0, 0]);
});
