import t from 'tap';
import { Tally } from '../../src/metrics/tally.js';

t.test('each label is counted by itself, and all of them together', async (t) => {
  const tally = new Tally<'a' | 'b' | 'c'>();
  tally.add('a');
  tally.add('a', 4);
  tally.add('b', 2);
  t.equal(tally.get('a'), 5);
  t.equal(tally.get('c'), 0);
  t.equal(tally.total, 7);
  t.same(
    [...tally.entries()],
    [
      ['a', 5],
      ['b', 2],
    ],
  );
});
