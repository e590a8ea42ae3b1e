import t from 'tap';
import { POISON, SlabPool, slabBytesFor } from '../../src/log/pool.js';
import { KIB } from './fixture.js';

t.test('slabs come in five classes, and above 64 KiB exactly as asked', async (t) => {
  const pool = new SlabPool();
  const sizes = [1, 4 * KIB, 4 * KIB + 1, 8 * KIB, 16 * KIB, 16 * KIB + 1, 64 * KIB, 64 * KIB + 1, 100_001];
  t.same(
    sizes.map((size) => pool.acquire(size).length),
    [4, 4, 8, 8, 16, 32, 64].map((kib) => kib * KIB).concat(64 * KIB + 1, 100_001),
  );
  t.same(
    sizes.map(slabBytesFor),
    sizes.map((size) => pool.acquire(size).length),
  );
});

t.test('a released slab is handed out again, and counted as a hit', async (t) => {
  const pool = new SlabPool();
  const slab = pool.acquire(5000);
  t.same(pool.stats, { hits: 0, misses: 1, inUseBytes: 8 * KIB, retainedBytes: 0 });
  pool.release(slab);
  t.same(pool.stats, { hits: 0, misses: 1, inUseBytes: 0, retainedBytes: 8 * KIB });
  t.equal(pool.acquire(8000), slab);
  t.same(pool.stats, { hits: 1, misses: 1, inUseBytes: 8 * KIB, retainedBytes: 0 });
});

t.test('a slab above 64 KiB is dropped on release', async (t) => {
  const pool = new SlabPool();
  const slab = pool.acquire(64 * KIB + 1);
  pool.release(slab);
  t.same(pool.stats, { hits: 0, misses: 1, inUseBytes: 0, retainedBytes: 0 });
  t.not(pool.acquire(64 * KIB + 1), slab);
});

t.test('free bytes never exceed retainBytes', async (t) => {
  const pool = new SlabPool({ retainBytes: 10 * KIB });
  for (const slab of [4, 4, 4].map((kib) => pool.acquire(kib * KIB))) pool.release(slab);
  t.equal(pool.stats.retainedBytes, 8 * KIB);
});

t.test('a pool that is not enabled never hands a slab out twice', async (t) => {
  const pool = new SlabPool({ enabled: false });
  const slab = pool.acquire(100);
  pool.release(slab);
  t.not(pool.acquire(100), slab);
  t.same(pool.stats, { hits: 0, misses: 2, inUseBytes: 4 * KIB, retainedBytes: 0 });
});

t.test('poison overwrites a released slab, pooled or not', async (t) => {
  for (const enabled of [true, false]) {
    const pool = new SlabPool({ enabled, poison: true });
    const slab = pool.acquire(100).fill('x');
    pool.release(slab);
    t.ok(slab.every((byte) => byte === POISON));
  }
});

t.test('poison finds a second release, a foreign slab, and a write after the release', async (t) => {
  const pool = new SlabPool({ poison: true });
  const slab = pool.acquire(100);
  pool.release(slab);
  t.throws(() => pool.release(slab), /released twice/);
  t.throws(() => pool.release(Buffer.alloc(4 * KIB)), /not acquired here/);
  slab[99] = 0;
  t.throws(() => pool.acquire(100), /written to after its release \(offset 99\)/);
});
