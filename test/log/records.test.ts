import t from 'tap';
import { Records } from '../../src/log/records.js';

function push(records: Records, n: number): void {
  for (let i = 0; i < n; i++) {
    const seq = records.next;
    records.push(seq * 10, seq, seq, seq, 1, seq);
  }
}

const intact = (records: Records) => {
  for (let seq = records.first; seq < records.next; seq++) {
    if (records.start(seq) !== seq * 10 || records.tag(seq) !== (seq & 0xffff)) return false;
    if (records.time(seq) !== seq || records.idHash(seq) !== seq || records.idOffset(seq) !== seq)
      return false;
  }
  return true;
};

t.test('records survive growing, wrapping around and shrinking', async (t) => {
  const records = new Records(1);
  for (const [added, kept] of [
    [10, 5],
    [14, 12],
    [100, 90],
    [60, 3],
    [5, 8],
    [3000, 2999],
    [1, 10],
  ] as const) {
    push(records, added);
    records.dropBelow(Math.max(records.next - kept, records.first));
    records.compact();
    t.ok(intact(records), `${records.first} to ${records.next}`);
    t.equal(records.count, Math.min(records.next - records.first, kept));
  }
});

t.test('a position is searched in the ring as if it were a list', async (t) => {
  const records = new Records(1);
  push(records, 20);
  records.dropBelow(15);
  push(records, 8);
  t.same(
    [0, 150, 151, 159, 160, 280, 281].map((position) => records.seqAt(position)),
    [15, 15, 16, 16, 16, 28, 29],
  );
});

t.test('dropFrom makes the next record take that seq, even one before the first', async (t) => {
  const records = new Records(1);
  push(records, 20);
  records.dropBelow(10);
  records.dropFrom(15);
  t.same([records.first, records.next], [10, 15]);
  push(records, 1);
  t.ok(intact(records));
  records.dropFrom(4);
  t.same([records.first, records.next, records.count], [4, 4, 0]);
  push(records, 2);
  t.ok(intact(records));
});
