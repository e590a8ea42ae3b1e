import t from 'tap';
import { Cursor } from '../../src/log/cursor.js';
import { append, content, KIB, makeLog } from './fixture.js';

const event = (size: number) => ({ bytes: content(0, size) });

t.test('by count: the newest retainEvents stay', async (t) => {
  const { log } = makeLog({ retainEvents: 3 });
  for (let n = 0; n < 10; n++) append(log, [event(5)]);
  t.same([log.floorSeq, log.tipSeq, log.bytes], [8, 11, 15]);
});

t.test('by bytes: whole events go until the rest fits', async (t) => {
  const { log } = makeLog({ retainBytes: 100 });
  for (const size of [60, 30, 10]) append(log, [event(size)]);
  t.equal(log.floorSeq, 1, 'exactly the limit stays');
  append(log, [event(1)]);
  t.same([log.floorSeq, log.bytes], [2, 41]);
});

t.test('by age: at the limit an event stays, past it it goes, even the last', async (t) => {
  const { log, pool } = makeLog({ retainAgeMs: 1000 });
  append(log, [event(5)], 0);
  append(log, [event(5)], 600);
  log.trim(1000);
  t.equal(log.floorSeq, 1);
  log.trim(1001);
  t.equal(log.floorSeq, 2);
  log.trim(1601);
  t.same([log.floorSeq, log.tipSeq, log.floor, log.segments], [3, 3, log.tip, 0]);
  t.equal(pool.stats.inUseBytes, 0, 'a log whose events are all gone holds no slab');
  append(log, [event(5)], 2000);
  t.equal(log.frameOf(3)?.length, 5);
});

t.test('the newest batch is retained whole, so that a cursor at the tip gets it', async (t) => {
  const { log } = makeLog({ retainEvents: 1, retainBytes: 10 });
  const cursor = new Cursor(log, log.tip);
  append(log, [event(9), event(9), event(9)]);
  t.equal(log.floorSeq, 1);
  t.equal(cursor.state, 'behind');
  append(log, [event(200 * KIB)]);
  t.same([log.floorSeq, log.tipSeq], [4, 5], 'until the next one');
});

t.test('the floor moves by event, slabs go by segment', async (t) => {
  const { log } = makeLog({ retainEvents: 4 });
  for (let n = 0; n < 4; n++) append(log, [event(1000)]);
  for (let n = 0; n < 3; n++) {
    append(log, [event(1000)]);
    t.equal(log.floorSeq, n + 2);
    t.equal(log.heldBytes, 12 * KIB);
  }
  append(log, [event(1000)]);
  t.equal(log.heldBytes, 8 * KIB, 'with its last event the segment goes');
});
