/** The judge is judged: a stream with a hole, a repeat or a wrong number in a gap must not pass. */
import t from 'tap';
import { Batch } from '../../src/log/batch.js';
import { EventLog } from '../../src/log/event-log.js';
import { SlabPool } from '../../src/log/pool.js';
import { Locals } from './locals.js';
import { follows, type Gap, NOWHERE, type Place, StreamCheck } from './oracle.js';
import { slowIndexOf } from './twins.js';

const gap = (lost: number | null, repeats = lost === null): Gap => ({ lost, repeats, reason: 'x' });
const at = (last: number, ...gaps: Gap[]): Place => ({ last, local: 0, gaps, high: last });

t.test('without a gap only the next event follows', async (t) => {
  t.same(
    [3, 4, 5, 6].map((n) => follows(at(4), n, undefined)),
    [false, false, true, false],
  );
});

t.test('a gap with a number allows exactly that many to be missing, and several add up', async (t) => {
  t.same(
    [5, 6, 7, 8].map((n) => follows(at(4, gap(2)), n, undefined)),
    [false, false, true, false],
  );
  t.same(
    [7, 8, 9].map((n) => follows(at(4, gap(2), gap(1)), n, undefined)),
    [false, true, false],
  );
});

t.test('a gap that lost nothing but may repeat allows no hole', async (t) => {
  t.same(
    [1, 4, 5, 6].map((n) => follows(at(4, gap(0, true)), n, undefined)),
    [true, true, true, false],
  );
});

t.test('old events that come again behind a told break do not set anybody back', async (t) => {
  const place: Place = { last: 2, local: 0, gaps: [gap(0, true)], high: 4 };
  t.same(
    [3, 5, 6].map((n) => follows(place, n, undefined)),
    [true, true, false],
  );
});

t.test('a gap without a number allows any hole, and a repeat only if it says so', async (t) => {
  t.ok(follows(at(4, gap(null)), 2, undefined));
  t.ok(follows(at(4, gap(null, false)), 9, undefined));
  t.notOk(follows(at(4, gap(null, false)), 4, undefined));
});

t.test('an upstream that leaves its order is held to what it sent', async (t) => {
  const adjacent = (a: number, b: number): boolean => a === 4 && b === 9;
  t.ok(follows(at(4), 9, adjacent));
  t.notOk(follows(at(4), 8, adjacent));
});

t.test('the slow look-up finds the newest of equal ids and only whole ids', async (t) => {
  const log = new EventLog({
    pool: new SlabPool(),
    retainBytes: 1_000,
    retainEvents: 100,
    retainAgeMs: 1_000,
    epoch: 7,
  });
  const batch = new Batch();
  for (const frame of [
    'id: a\ndata: 1\n\n',
    'id: b\ndata: 2\n\n',
    'id: a\ndata: 3\n\n',
    'id: ab\ndata: 4\n\n',
  ]) {
    const offset = batch.reserve(frame.length);
    batch.buffer.write(frame, offset, 'latin1');
    batch.push(frame.length, 4, frame.indexOf('\n') - 4, 0);
  }
  log.append(batch, 0);
  t.same(
    ['a', 'b', 'ab', 'c'].map((id) => slowIndexOf(log, id)),
    [3, 2, 4, -1],
  );
  log.close();
});

/** A stream that shows these; a number is an event of the upstream, `L` and a number a published one. */
function shows(
  locals: Locals,
  place: Place,
  events: readonly (number | string | Gap)[],
  aside = false,
): () => void {
  const expect = {
    strict: () => true,
    unplaced: () => false,
    adjacent: undefined,
    locals,
    forbidden: () => false,
    seen: () => undefined,
  };
  const check = new StreamCheck(place, expect, aside);
  const none = { id: undefined, retry: undefined };
  return () => {
    for (const one of events) {
      if (typeof one === 'object') check.read({ ...none, type: 'gateway.gap', data: JSON.stringify(one) });
      else check.read({ ...none, type: 'message', data: String(one) });
    }
  };
}

t.test(
  'published events have their place, and none of them may be missing, out of it, or come again',
  async (t) => {
    const locals = new Locals(true);
    for (const n of [1, 2, 3]) {
      locals.brought(n);
      if (n === 2) for (let i = 0; i < 2; i += 1) locals.add(false);
    }
    const from = (last: number, local = 0): Place => ({ last, local, gaps: [], high: last });
    t.doesNotThrow(shows(locals, from(1), [2, 'L1', 'L2', 3, 4]));
    t.doesNotThrow(shows(locals, from(2), ['L1', 'L2', 3]));
    t.doesNotThrow(shows(locals, NOWHERE, ['L2', 3]));
    t.throws(shows(locals, from(1), [2, 'L1', 3]), /1 between were published/);
    t.throws(shows(locals, from(1), [2, 'L2', 3]), /1 are missing/);
    t.throws(shows(locals, from(1), ['L1']), /its place is behind 2/);
    t.throws(shows(locals, from(2), ['L1', 'L2', 3, 'L2']), /published 2 behind 2/);
    t.throws(shows(locals, from(2), [3]), /2 between were published/);
    t.throws(shows(locals, from(2), ['L3']), /nobody published/);
    t.doesNotThrow(shows(locals, from(1), [2, 3, 4], true), 'what is read privately has none');
    t.throws(shows(locals, from(2), ['L1', 3], true), /1 between/, 'from the first one on it is the log');
  },
);

t.test('published events count among the lost', async (t) => {
  const locals = new Locals(true);
  for (const n of [1, 2, 3]) {
    locals.brought(n);
    locals.add(false);
  }
  const from: Place = { last: 1, local: 0, gaps: [], high: 1 };
  t.doesNotThrow(shows(locals, from, [gap(2), 'L2', 3]), 'L1 and 2');
  for (const wrong of [1, 3]) t.throws(shows(locals, from, [gap(wrong), 'L2']), /its place/);
  t.doesNotThrow(shows(locals, from, [gap(3), 3]), 'L1, 2 and L2');
  t.throws(shows(locals, from, [gap(2), 3]), /event 3 behind 1/);
  t.doesNotThrow(shows(locals, from, [gap(null), 'L1', 3, 'L3', 4]), 'what nobody counted may be behind');
});

t.test('one whose id came to stand for several events has no place until an event comes', async (t) => {
  const locals = new Locals(true);
  locals.add(true);
  const places: (number | undefined)[] = [];
  let ambiguous = false;
  const from: Place = { last: 2, local: 0, gaps: [], high: 2 };
  const check = new StreamCheck(from, {
    strict: () => true,
    unplaced: () => ambiguous,
    adjacent: undefined,
    locals,
    forbidden: () => false,
    seen: (_, { last }) => places.push(last),
  });
  const block = (id: string, data: string) => ({ id, data, type: 'message', retry: undefined });
  ambiguous = true;
  for (const [id, data] of [
    ['p1', 'L1'],
    ['e3', '8'],
  ])
    check.read(block(id!, data!));
  t.same(places, [undefined, 8]);
  t.throws(() => check.read(block('e5', '10')), /event 10 behind 8/, 'from there on it has one');
});
