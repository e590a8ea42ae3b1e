import t from 'tap';
import { Cursor } from '../../src/log/cursor.js';
import { append, content, KIB, makeLog } from './fixture.js';

const text = (cursor: Cursor, maxBytes = 64 * KIB): string | undefined => {
  const slice = cursor.read(maxBytes);
  slice?.unpin();
  return slice?.bytes.toString();
};

t.test('a cursor at the tip reads nothing and says so, behind it reads on', async (t) => {
  const { log } = makeLog();
  const cursor = new Cursor(log, log.tip);
  t.equal(cursor.state, 'tip');
  t.equal(cursor.read(100), undefined);
  t.equal(cursor.state, 'tip');
  append(log, ['one', 'two']);
  t.equal(cursor.state, 'behind');
  t.same([cursor.seq, cursor.lag, cursor.pending], [1, 6, 2]);
  t.equal(text(cursor), 'onetwo', 'a burst is one slice');
  t.equal(cursor.state, 'tip');
  t.same([cursor.seq, cursor.lag, cursor.pending], [3, 0, 0]);
});

t.test('a slice is whole events, at most maxBytes, and a larger event comes alone', async (t) => {
  const { log } = makeLog();
  append(log, ['aa', 'bbb', 'cccccc', 'd']);
  const cursor = new Cursor(log, log.floor);
  t.equal(text(cursor, 5), 'aabbb', 'exactly the limit');
  t.equal(text(cursor, 5), 'cccccc', 'more than the limit');
  t.equal(text(cursor, 5), 'd');
  cursor.moveTo(log.floor);
  t.equal(text(cursor, 4), 'aa', 'not a part of the next');
});

t.test('a cursor below the floor is told, and is never handed a partial history', async (t) => {
  const { log } = makeLog({ retainEvents: 2 });
  append(log, ['one', 'two', 'three']);
  const cursor = new Cursor(log, log.floor);
  append(log, ['four']);
  t.equal(log.floorSeq, 3);
  for (const _ of [1, 2]) {
    t.equal(cursor.read(100), undefined);
    t.equal(cursor.state, 'trimmed', 'though in the same segment, and until it is moved');
  }
  t.same([cursor.seq, cursor.pending, cursor.lag], [1, 4, 15], 'and it still knows what it missed');
  cursor.moveTo(log.floor);
  t.equal(text(cursor), 'threefour');
});

t.test(
  'a cursor beyond a truncation goes back, is told once, and then reads what replaced the events',
  async (t) => {
    const { log } = makeLog();
    append(log, ['one', 'two', 'three']);
    const beyond = new Cursor(log, log.tip);
    const before = new Cursor(log, log.positionOf(2));
    log.truncate(2);
    append(log, ['TWO', 'THREE', 'FOUR', 'FIVE']);
    t.equal(beyond.state, 'truncated', 'even when the tip has passed it again');
    t.equal(beyond.read(100), undefined);
    t.equal(beyond.state, 'truncated');
    t.equal(beyond.seq, 2);
    t.equal(beyond.lag, 16);
    t.equal(text(beyond), 'TWOTHREEFOURFIVE');
    t.equal(before.state, 'behind', 'one that had read nothing of it is not');
    t.equal(before.lag, 16, 'and its lag has no bytes that are no more');
    t.equal(text(before), 'TWOTHREEFOURFIVE');
  },
);

t.test('a cursor that stands where a truncation begins is at the tip', async (t) => {
  const { log } = makeLog();
  append(log, ['one', 'two']);
  const cursor = new Cursor(log, log.positionOf(2));
  log.truncate(2);
  t.equal(cursor.state, 'tip');
  t.same([cursor.seq, cursor.lag, cursor.pending], [2, 0, 0]);
  t.equal(cursor.read(100), undefined);
});

t.test('cursors at the same position get the same slice, a laggard does not take it from them', async (t) => {
  const { log } = makeLog();
  append(log, ['old']);
  const laggard = new Cursor(log, log.floor);
  const [a, b, c] = [1, 2, 3].map(() => new Cursor(log, log.tip));
  append(log, ['new']);
  const slice = a!.read(100)!;
  const old = laggard.read(3)!;
  t.equal(b!.read(100), slice);
  t.not(c!.read(2), slice, 'another limit may be another slice');
  for (const one of [slice, slice, slice, old]) one.unpin();
  t.throws(() => slice.unpin(), /unpin without a pin/);
});

t.test('after an append the slice at the same position has the new events too', async (t) => {
  const { log } = makeLog();
  append(log, ['a']);
  const [first, second] = [1, 2].map(() => new Cursor(log, log.floor));
  t.equal(text(first!), 'a');
  append(log, ['b']);
  t.equal(text(second!), 'ab');
});

t.test('a cursor is placed on an event boundary: the next one, or the tip', async (t) => {
  const { log } = makeLog();
  append(log, ['aaa', 'bbb']);
  t.same(
    [0, 1, 3, 4, 6, 99].map((position) => new Cursor(log, position).position),
    [0, 3, 3, 6, 6, 6],
  );
  t.same(
    [0, 1, 3, 4, 6, 99].map((position) => new Cursor(log, position).seq),
    [1, 2, 2, 3, 3, 3],
  );
  t.throws(() => log.slice(1, 100), RangeError);
});

t.test('a cursor on a closed log is at the tip or trimmed', async (t) => {
  const { log } = makeLog();
  append(log, [content(1, 100).toString()]);
  const [tip, behind] = [log.tip, log.floor].map((position) => new Cursor(log, position));
  log.close();
  t.same([tip!.read(100), tip!.state], [undefined, 'tip']);
  t.same([behind!.read(100), behind!.state], [undefined, 'trimmed']);
});
