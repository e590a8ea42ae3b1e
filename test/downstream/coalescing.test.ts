import t from 'tap';
import { Coalescing } from '../../src/downstream/coalescing.js';

t.test('without an interval nothing waits', async (t) => {
  const coalescing = new Coalescing(0);
  t.equal(coalescing.waitMs(5), 0);
  coalescing.flushed(5);
  t.equal(coalescing.waitMs(5), 0);
});

t.test('the first event, and one after a quiet time, do not wait', async (t) => {
  const coalescing = new Coalescing(10);
  t.equal(coalescing.waitMs(0), 0);
  coalescing.flushed(0);
  t.equal(coalescing.waitMs(20), 0);
});

t.test('one that follows a flush closely waits for more', async (t) => {
  const coalescing = new Coalescing(10);
  coalescing.flushed(0);
  t.equal(coalescing.waitMs(0), 10);
  t.equal(coalescing.waitMs(19.9), 10);
});
