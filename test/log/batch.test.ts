import t from 'tap';
import { Batch } from '../../src/log/batch.js';
import { SlabPool } from '../../src/log/pool.js';
import { batchOf, content, KIB, makeLog } from './fixture.js';

t.test('events are contiguous, with one record each', async (t) => {
  const batch = batchOf([{ bytes: Buffer.from('id:7\n\n'), id: '7', idOffset: 3, tag: 0xffff }, 'abc']);
  t.equal(batch.count, 2);
  t.equal(batch.byteLength, 9);
  t.equal(batch.buffer.toString('latin1', 0, 9), 'id:7\n\nabc');
  t.same([batch.lengthAt(0), batch.idOffsetAt(0), batch.idLengthAt(0), batch.tagAt(0)], [6, 3, 1, 0xffff]);
  t.same([batch.lengthAt(1), batch.idLengthAt(1), batch.tagAt(1)], [3, -1, 0]);
});

t.test('asking for more room keeps what was written of the unfinished event', async (t) => {
  const batch = batchOf(['first.'], new Batch(new SlabPool({ poison: true })));
  let at = batch.reserve(10);
  batch.buffer.write('unfinished', at);
  at = batch.reserve(100 * KIB);
  t.equal(at, 6);
  t.equal(batch.buffer.toString('latin1', 0, 16), 'first.unfinished');
  batch.push(100 * KIB, 0, -1, 0);
  t.equal(batch.byteLength, 100 * KIB + 6);
});

t.test('thousands of events keep their records while the batch grows', async (t) => {
  const sizes = Array.from({ length: 3000 }, (_, n) => 1 + (n % 50));
  const batch = batchOf(sizes.map((size, n) => ({ bytes: content(n, size), tag: n })));
  t.same(
    sizes.map((_, n) => batch.lengthAt(n)),
    sizes,
  );
  t.same(
    sizes.map((_, n) => batch.tagAt(n)),
    sizes.map((_, n) => n),
  );
});

t.test('between reset and the next reserve a batch holds no slab', async (t) => {
  const pool = new SlabPool({ poison: true });
  const batch = new Batch(pool);
  t.equal(pool.stats.inUseBytes, 0, 'nor when new');
  for (const size of [10, 500 * KIB, 10]) {
    batch.firstSeq = 9;
    batchOf([content(1, size).toString()], batch);
    t.ok(pool.stats.inUseBytes >= size);
    batch.reset();
    t.equal(pool.stats.inUseBytes, 0);
    t.same([batch.count, batch.byteLength, batch.firstSeq, batch.buffer.length], [0, 0, -1, 0]);
  }
  batch.reset();
  t.pass('a second reset does nothing');
});

t.test('a frame outside what was reserved, and an id outside its frame, are refused', async (t) => {
  const batch = new Batch();
  t.throws(() => batch.push(1, 0, -1, 0), RangeError);
  batch.reserve(10);
  t.throws(() => batch.push(0, 0, -1, 0), RangeError);
  t.throws(() => batch.push(11, 0, -1, 0), RangeError);
  t.throws(() => batch.push(10, 8, 3, 0), RangeError);
  t.throws(() => batch.push(10, -1, 3, 0), RangeError);
  t.equal(batch.count, 0);
});

t.test('what is appended is a copy: the batch may be reused at once', async (t) => {
  const { log, pool } = makeLog();
  const batch = new Batch(pool);
  log.append(batchOf(['one', 'two'], batch), 0);
  batch.reset();
  log.append(batchOf(['three'], batch), 0);
  batch.reset();
  t.same(
    [1, 2, 3].map((seq) => log.frameOf(seq)?.toString()),
    ['one', 'two', 'three'],
  );
});
