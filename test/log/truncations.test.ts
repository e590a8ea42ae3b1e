import t from 'tap';
import { Cursor } from '../../src/log/cursor.js';
import { Truncations } from '../../src/log/truncations.js';
import { append, makeLog } from './fixture.js';

t.test('a position is never given out twice', async (t) => {
  const { log } = makeLog();
  append(log, ['one', 'two']);
  const { tip } = log;
  log.truncate(1);
  t.ok(log.tip > tip);
  t.same([log.tipSeq, log.floorSeq, log.bytes], [1, 1, 0]);
  append(log, ['ONE']);
  t.ok(log.positionOf(1) > tip);
});

t.test('truncating at or beyond the tip does nothing', async (t) => {
  const { log } = makeLog();
  append(log, ['one']);
  const { tip } = log;
  log.truncate(2);
  log.truncate(99);
  t.same([log.tip, log.tipSeq], [tip, 2]);
});

t.test('truncating below the floor leaves nothing, and the log goes on at that seq', async (t) => {
  const { log, pool } = makeLog({ retainEvents: 2 });
  for (let seq = 1; seq <= 9; seq++) append(log, [`<${seq}>`]);
  const atFloor = new Cursor(log, log.floor);
  t.equal(log.floorSeq, 8);
  log.truncate(4);
  t.same([log.floorSeq, log.tipSeq, log.bytes, log.segments], [4, 4, 0, 0]);
  t.equal(pool.stats.inUseBytes, 0);
  t.equal(atFloor.read(100), undefined);
  t.equal(atFloor.state, 'truncated');
  t.equal(atFloor.seq, 4);
  append(log, ['four']);
  t.equal(log.frameOf(4)?.toString(), 'four');
});

t.test('what is appended after a truncation never overwrites bytes that a write still holds', async (t) => {
  const { log } = makeLog();
  append(log, ['one', 'two']);
  const slice = new Cursor(log, log.floor).read(100)!;
  log.truncate(2);
  append(log, ['TWO', 'THREE']);
  t.equal(slice.bytes.toString(), 'onetwo');
  t.same(
    [1, 2, 3].map((seq) => log.frameOf(seq)?.toString()),
    ['one', 'TWO', 'THREE'],
  );
  slice.unpin();
});

t.test('ids that were taken back are forgotten, and older occurrences found again', async (t) => {
  const { log } = makeLog();
  const event = (id: string) => ({ bytes: Buffer.from(`${id};`), id });
  append(log, [event('a'), event('b'), { bytes: Buffer.from('-') }, event('a'), event('c')]);
  t.same(
    ['a', 'b', 'c'].map((id) => log.indexOf(Buffer.from(id))),
    [4, 2, 5],
  );
  log.truncate(4);
  t.same(
    ['a', 'b', 'c'].map((id) => log.indexOf(Buffer.from(id))),
    [1, 2, -1],
  );
  t.equal(log.newestWithId, 2);
  append(log, [event('c')]);
  t.same(
    ['a', 'b', 'c'].map((id) => log.indexOf(Buffer.from(id))),
    [1, 2, 4],
  );
});

t.test(
  'a second truncation at the same event does not alarm a cursor that had read nothing since',
  async (t) => {
    const { log } = makeLog();
    append(log, ['one', 'two']);
    log.truncate(2);
    const cursor = new Cursor(log, log.tip);
    append(log, ['TWO']);
    log.truncate(2);
    t.equal(cursor.state, 'tip');
  },
);

t.test('an engine that makes no progress cannot pile truncations up', async (t) => {
  const truncations = new Truncations();
  let seam = 10;
  for (let n = 0; n < 1000; n++) seam = truncations.add(seam, 0, seam + 5, 3).resume;
  let apart = 0;
  for (let position = 0; position < seam; position++) if (truncations.forward(position) !== position) apart++;
  t.ok(apart <= 64, `${apart} seams`);
  t.equal(truncations.forward(10), seam, 'the first seam still leads to where the log goes on');
  t.equal(truncations.deadBytes(10), seam - 10);
  for (const position of [11, 500, seam - 1]) t.equal(truncations.at(position)?.seq, 3);
});
