import t from 'tap';
import { Batch } from '../../src/log/batch.js';
import { Cursor } from '../../src/log/cursor.js';
import { SlabPool } from '../../src/log/pool.js';
import { append, batchOf, content, KIB, makeLog, withId } from './fixture.js';

const event = (size: number) => ({ bytes: content(0, size) });

t.test('an empty log holds no slab', async (t) => {
  const { log, pool } = makeLog();
  log.append(new Batch(), 0);
  log.trim(1);
  t.same([log.heldBytes, log.segments, pool.stats.misses], [0, 0, 0]);
  t.same([log.floor, log.tip, log.floorSeq, log.tipSeq], [0, 0, 1, 1]);
});

t.test('segments start at 4 KiB and double to 64 KiB', async (t) => {
  const { log, pool } = makeLog();
  const sizes = new Set<number>();
  for (let n = 0; n < 400; n++) {
    const before = pool.stats.inUseBytes;
    append(log, [event(500)]);
    if (pool.stats.inUseBytes > before) sizes.add((pool.stats.inUseBytes - before) / KIB);
  }
  t.same([...sizes], [4, 8, 16, 32, 64]);
});

t.test('a log that went quiet starts small again', async (t) => {
  const { log } = makeLog({ retainAgeMs: 10 });
  for (let n = 0; n < 400; n++) append(log, [event(500)], 0);
  log.trim(100);
  append(log, [event(500)], 100);
  t.equal(log.heldBytes, 4 * KIB);
});

t.test('an event above 64 KiB has a segment of its own, exactly as long', async (t) => {
  const { log } = makeLog();
  append(log, [event(10), event(64 * KIB + 1), event(10)]);
  t.equal(log.segments, 3);
  t.equal(log.heldBytes, 4 * KIB + 64 * KIB + 1 + 4 * KIB);
  const cursor = new Cursor(log, log.floor);
  const slices = [1, 2, 3].map(() => cursor.read(64 * KIB)!);
  t.same(
    slices.map((slice) => slice.bytes.length),
    [10, 64 * KIB + 1, 10],
    'a slice never spans segments',
  );
  t.same(
    slices.map((slice) => [slice.seq, slice.events]),
    [
      [1, 1],
      [2, 1],
      [3, 1],
    ],
  );
});

t.test('a batch may span segments, an event never does', async (t) => {
  const { log } = makeLog();
  append(
    log,
    Array.from({ length: 10 }, () => event(3000)),
  );
  t.ok(log.segments > 1);
  const cursor = new Cursor(log, log.floor);
  for (let slice = cursor.read(64 * KIB); slice; slice = cursor.read(64 * KIB)) {
    t.equal(slice.bytes.length % 3000, 0);
    slice.unpin();
  }
  t.equal(cursor.state, 'tip');
  t.equal(cursor.seq, 11);
});

t.test('onRoll is called once, after the append that opened segments is complete', async (t) => {
  const rolls: number[] = [];
  const { log } = makeLog({ retainEvents: 5, onRoll: (one) => rolls.push(one.tipSeq - one.floorSeq) });
  append(log, [event(3000)]);
  append(log, [event(100)]);
  append(
    log,
    Array.from({ length: 20 }, () => event(3000)),
  );
  append(log, [event(64 * KIB)]);
  t.same(rolls, [1, 20, 5], 'with retention applied');
});

t.test('a batch must begin at the tip, if it says where it begins', async (t) => {
  const { log } = makeLog({ firstSeq: 7 });
  const batch = batchOf(['x']);
  for (const seq of [6, 8]) {
    batch.firstSeq = seq;
    t.throws(() => log.append(batch, 0), RangeError);
  }
  t.equal(log.tipSeq, 7);
  batch.firstSeq = 7;
  log.append(batch, 0);
  t.equal(log.tipSeq, 8);
});

t.test('seqs may be as large as integers go', async (t) => {
  const firstSeq = Number.MAX_SAFE_INTEGER - 2000;
  const { log } = makeLog({ firstSeq, retainEvents: 50 });
  for (let n = 0; n < 1000; n++) append(log, [withId(`id-${n % 70}`)]);
  t.equal(log.tipSeq, firstSeq + 1000);
  t.equal(log.floorSeq, firstSeq + 950);
  t.equal(log.indexOf(Buffer.from(`id-${999 % 70}`)), firstSeq + 999);
  t.equal(log.seqAt(log.positionOf(firstSeq + 960)), firstSeq + 960);
});

t.test('a repeated id resolves to its newest retained occurrence', async (t) => {
  const { log } = makeLog({ retainEvents: 4 });
  append(log, [withId('a'), withId('b'), withId('a'), withId('c')]);
  t.equal(log.indexOf(Buffer.from('a')), 3);
  t.equal(log.newestWithId, 4);
  for (let n = 0; n < 3; n++) append(log, [event(2)]);
  t.equal(log.indexOf(Buffer.from('b')), -1, 'a trimmed one is unknown');
  t.equal(log.indexOf(Buffer.from('c')), 4);
  t.equal(log.newestWithId, 4);
  for (let n = 0; n < 4; n++) append(log, [event(2)]);
  t.equal(log.newestWithId, -1);
});

t.test('an event without an id, or with an empty one, is not indexed', async (t) => {
  const { log } = makeLog();
  append(log, [event(3), { bytes: Buffer.from('x'), id: '' }]);
  t.equal(log.indexOf(Buffer.alloc(0)), -1);
  t.same([log.idOf(1), log.idOf(2), log.newestWithId], [undefined, undefined, -1]);
});

t.test('single events are found by seq while retained, and only then', async (t) => {
  const { log } = makeLog({ retainEvents: 2 });
  for (const id of ['a', 'b', 'c']) append(log, [{ ...withId(id), tag: id.charCodeAt(0) }]);
  t.same(
    [1, 2, 3, 4].map((seq) => log.positionOf(seq)),
    [-1, 2, 4, 6],
  );
  t.same(
    [1, 2, 3, 4].map((seq) => log.tagOf(seq)),
    [-1, 98, 99, -1],
  );
  t.same(
    [1, 2, 3, 4].map((seq) => log.frameOf(seq)?.toString()),
    [undefined, 'b.', 'c.', undefined],
  );
  t.same(
    [1, 2, 3, 4].map((seq) => log.idOf(seq)?.length),
    [undefined, 1, 1, undefined],
  );
  const id = log.idOf(3)!;
  log.close();
  t.equal(Buffer.from(id).toString(), 'c', 'an id handed out is a copy');
});

t.test('a closed log gives everything unpinned back, the rest at its last unpin', async (t) => {
  const { log, pool } = makeLog();
  append(
    log,
    Array.from({ length: 30 }, () => event(1000)),
  );
  const cursor = new Cursor(log, log.floor);
  const slices = [cursor.read(2000)!, cursor.read(2000)!, cursor.read(9000)!];
  const copies = slices.map(({ bytes }) => Buffer.from(bytes));
  log.close();
  t.equal(pool.stats.inUseBytes, log.pinnedBytes);
  t.same(
    slices.map(({ bytes }) => bytes),
    copies,
  );
  for (const slice of slices) slice.unpin();
  t.same([pool.stats.inUseBytes, log.heldBytes, log.pinnedBytes, log.segments], [0, 0, 0, 0]);
  t.throws(() => log.append(batchOf(['x']), 0), /closed/);
  log.close();
  t.pass('closing twice does nothing');
});

t.test('a pin taken or given back too often is found', async (t) => {
  const { log } = makeLog();
  append(log, ['x']);
  const slice = new Cursor(log, log.floor).read(100)!;
  slice.unpin();
  t.throws(() => slice.unpin(), /unpin without a pin/, 'history is no pin of a reader');
  log.close();
  t.throws(() => slice.unpin(), /unpin without a pin/);
  t.throws(() => slice.pin(), /slab is gone/);
});

t.test('in a steady run at least 99 of 100 slabs come from the pool', async (t) => {
  const { log, pool } = makeLog({ pool: new SlabPool(), retainBytes: 256 * KIB });
  const batch = new Batch(pool);
  for (let n = 0; n < 2000; n++) {
    log.append(batchOf([event(3000), event(40), event(900)], batch), n);
    batch.reset();
  }
  const { hits, misses } = pool.stats;
  t.ok(hits / (hits + misses) >= 0.99, `${hits} hits, ${misses} misses`);
});

t.test('a hold keeps count and bytes from trimming behind it, and age from nothing', async (t) => {
  const { log } = makeLog({ retainEvents: 2, retainBytes: 10, retainAgeMs: 100 });
  append(log, ['a', 'b', 'c'], 0);
  t.equal(log.floorSeq, 1, 'a batch is never trimmed by itself');
  log.hold(2, 0);
  append(log, ['d'], 0);
  append(log, ['e'.repeat(20)], 0);
  t.equal(log.floorSeq, 2, 'below the hold all goes on as ever');
  log.hold(4, 0);
  t.equal(log.floorSeq, 4);
  log.hold(Number.POSITIVE_INFINITY, 0);
  t.equal(log.floorSeq, 5, 'retention is applied when it ends; the newest batch stays');
  log.hold(5, 0);
  log.trim(101);
  t.equal(log.floorSeq, 6);
});

t.test('a hold behind the tip or below the floor holds nothing', async (t) => {
  const { log } = makeLog({ retainEvents: 1 });
  append(log, ['a']);
  append(log, ['b']);
  for (const seq of [100, 1]) {
    log.hold(seq, 0);
    t.equal(log.floorSeq, 2, `${seq}`);
  }
  log.close();
  log.hold(Number.POSITIVE_INFINITY, 0);
  t.equal(log.floorSeq, log.tipSeq, 'also when the log is closed');
});
