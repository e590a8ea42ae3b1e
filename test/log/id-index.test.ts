import t from 'tap';
import { hashId, IdIndex } from '../../src/log/id-index.js';
import { Records } from '../../src/log/records.js';
import { append, makeLog, withId } from './fixture.js';

/** An index over ids kept in an array, with a hash of our choice. */
function indexOver(hash: (id: string) => number) {
  const records = new Records(1);
  const ids = new Map<number, string>();
  const index = new IdIndex(records, {
    sameId: (seq, other) => ids.get(seq) === ids.get(other),
    hasId: (seq, id) => ids.get(seq) === Buffer.from(id).toString(),
  });
  const add = (id: string) => {
    const seq = records.next;
    ids.set(seq, id);
    records.push(seq * 10, 0, hash(id), 0, id.length, 0);
    index.add(seq);
  };
  return { records, index, add, find: (id: string) => index.find(Buffer.from(id)) };
}
const realHash = (id: string) => hashId(Buffer.from(id), 0, id.length);

t.test('ids whose hashes collide are told apart by their bytes', async (t) => {
  // Every id gets the hash that a search for "x" computes.
  const { add, find } = indexOver(() => realHash('x'));
  for (const id of ['a', 'x', 'b', 'x', 'c']) add(id);
  t.equal(find('x'), 4);
  t.equal(find('y'), -1);
});

t.test('ten thousand retained ids out of a hundred thousand are found, all others are not', async (t) => {
  const { records, add, find } = indexOver(realHash);
  for (let n = 1; n <= 100_000; n++) {
    add(`id-${n}`);
    records.dropBelow(Math.max(n - 9999, 1));
  }
  let wrong = 0;
  for (let n = 1; n <= 100_000; n++) if (find(`id-${n}`) !== (n > 90_000 ? n : -1)) wrong++;
  t.equal(wrong, 0);
});

t.test('one id on every event keeps resolving to the newest', async (t) => {
  const { records, add, find } = indexOver(realHash);
  for (let n = 1; n <= 1000; n++) {
    add('same');
    records.dropBelow(Math.max(n - 20, 1));
    if (find('same') !== n) t.fail(`at ${n}`);
  }
  t.equal(find('same'), 1000);
});

t.test('after idling, a log that had many ids finds those it still retains', async (t) => {
  const { log } = makeLog({ retainAgeMs: 10 });
  for (let n = 0; n < 5000; n++) append(log, [withId(`old-${n}`)], 0);
  append(log, [withId('young')], 8);
  log.trim(15);
  t.equal(log.indexOf(Buffer.from('young')), 5001);
  t.equal(log.indexOf(Buffer.from('old-4999')), -1);
  append(log, [withId('next')], 16);
  t.equal(log.indexOf(Buffer.from('next')), 5002);
});
