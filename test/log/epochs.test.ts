import t from 'tap';
import { Epochs } from '../../src/log/epochs.js';
import { append, makeLog } from './fixture.js';

t.test('every seq has the epoch it was given in', async (t) => {
  const { log } = makeLog({ epoch: 10, firstSeq: 5 });
  append(log, ['a', 'b']);
  log.beginEpoch(20);
  append(log, ['c']);
  t.equal(log.epoch, 20);
  t.same(
    [4, 5, 6, 7, 100].map((seq) => log.epochs.epochAt(seq)),
    [-1, 10, 10, 20, 20],
  );
  t.same(
    [10, 20, 15].map((epoch) => log.epochs.knows(epoch)),
    [true, true, false],
  );
});

t.test('an epoch must be above the current one', async (t) => {
  const { log } = makeLog({ epoch: 10 });
  for (const epoch of [10, 9, Number.NaN]) t.throws(() => log.beginEpoch(epoch), RangeError);
  t.equal(log.epoch, 10);
});

t.test('an epoch without an event is replaced by the next', async (t) => {
  const { log } = makeLog({ epoch: 10 });
  log.beginEpoch(11);
  t.same(log.epochs.list, [{ epoch: 11, firstSeq: 1 }]);
});

t.test('a truncation forgets the epochs that began behind it, but never the oldest', async (t) => {
  const { log } = makeLog({ epoch: 1, firstSeq: 3 });
  append(log, ['3', '4']);
  log.beginEpoch(2);
  append(log, ['5']);
  log.beginEpoch(3);
  append(log, ['6']);
  log.truncate(5);
  t.same(
    log.epochs.list.map(({ epoch }) => epoch),
    [1, 2],
    'the one beginning there goes on',
  );
  log.beginEpoch(7);
  t.same(
    [4, 5].map((seq) => log.epochs.epochAt(seq)),
    [1, 7],
    'or gives way',
  );
  log.truncate(1);
  t.same(log.epochs.list, [{ epoch: 1, firstSeq: 1 }]);
});

t.test('the table is bounded; the oldest are unknown', async (t) => {
  const epochs = new Epochs(1, 1);
  for (let n = 2; n <= 100; n++) epochs.begin(n, n);
  t.equal(epochs.list.length, 64);
  t.same([epochs.knows(36), epochs.knows(37), epochs.epochAt(36), epochs.epochAt(37)], [false, true, -1, 37]);
});
