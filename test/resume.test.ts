import t from 'tap';
import { mint, mintBytes } from '../src/ids.js';
import { TAG } from '../src/ingest.js';
import { behind, fresh, locate, lostAt, upstreamIdOf } from '../src/resume.js';
import { append, makeLog, withId } from './log/fixture.js';

const EPOCH = 1_000;
const id = (text: string): Buffer => Buffer.from(text);

/** Events 1 … 6, of which 2, 4 and 6 carry the ids a, b and a again; 1 to `floor − 1` are trimmed. */
function history(floor = 1) {
  const { log } = makeLog({ epoch: EPOCH, retainEvents: 7 - floor });
  for (const own of [undefined, 'a', undefined, 'b', undefined, 'a'])
    append(log, [own === undefined ? 'x' : withId(own)]);
  t.equal(log.floorSeq, floor);
  return log;
}

t.test('without an id, or with an empty one, a client begins at the tip', async (t) => {
  const log = history();
  for (const none of [undefined, id('')]) t.same(locate(log, none), { outcome: 'fresh', seq: 7 });
});

t.test('an id of the index continues behind its newest occurrence', async (t) => {
  t.same(locate(history(), id('b')), { outcome: 'exact', seq: 5 });
  t.same(locate(history(), id('a')), { outcome: 'exact', seq: 7 });
});

t.test('the index comes before our own format: an upstream may send ids that look like ours', async (t) => {
  const { log } = makeLog({ epoch: EPOCH });
  append(log, ['x', withId(mint(1, EPOCH)), 'y', 'z']);
  t.same(locate(log, id(mint(1, EPOCH))), { outcome: 'exact', seq: 3 });
});

t.test('a minted id of a known epoch is arithmetic, from just before the floor to the tip', async (t) => {
  const log = history(3);
  t.same(locate(log, id(mint(6, EPOCH))), { outcome: 'exact', seq: 7 });
  t.same(locate(log, id(mint(3, EPOCH))), { outcome: 'exact', seq: 4 });
  t.same(locate(log, id(mint(2, EPOCH))), { outcome: 'exact', seq: 3 });
});

t.test('a minted id below the floor is a gap of known size, and goes on at the floor', async (t) => {
  const log = history(4);
  t.same(locate(log, id(mint(1, EPOCH))), {
    outcome: 'gap',
    seq: 4,
    reason: 'trimmed',
    lost: 2,
    repeats: false,
  });
  t.same(locate(log, id(mint(2, EPOCH))), {
    outcome: 'gap',
    seq: 4,
    reason: 'trimmed',
    lost: 1,
    repeats: false,
  });
});

t.test('a minted id of what has not been committed is no place in this history', async (t) => {
  for (const seq of [7, 8, 1e9]) {
    const none = { outcome: 'gap', seq: 2, reason: 'epoch', lost: null, repeats: true };
    t.same(locate(history(2), id(mint(seq, EPOCH))), none);
  }
});

t.test('a minted id of a known epoch does not fall back to its upstream cursor', async (t) => {
  const trimmed = mintBytes(1, EPOCH, id('b'));
  t.match(locate(history(4), trimmed), { outcome: 'gap', reason: 'trimmed' });
});

t.test(
  'a minted id of an unknown epoch goes on behind its upstream cursor, if that is known: what follows may repeat',
  async (t) => {
    const repeated = { outcome: 'gap', seq: 5, reason: 'epoch', lost: 0, repeats: true };
    t.same(locate(history(), mintBytes(99, EPOCH - 7, id('b'))), repeated);
    t.match(locate(history(), mintBytes(99, EPOCH - 7, id('c'))), {
      outcome: 'gap',
      reason: 'epoch',
      lost: null,
    });
    t.match(locate(history(), id(mint(1, EPOCH - 7))), { outcome: 'gap', seq: 1, reason: 'epoch' });
  },
);

t.test('a seq that another epoch gave is not ours, although we know the epoch', async (t) => {
  const { log } = makeLog({ epoch: 5 });
  append(log, ['a', 'b']);
  log.beginEpoch(6);
  append(log, ['c']);
  t.same(locate(log, id(mint(2, 5))), { outcome: 'exact', seq: 3 });
  t.same(locate(log, id(mint(3, 6))), { outcome: 'exact', seq: 4 });
  t.match(locate(log, id(mint(3, 5))), { outcome: 'gap', reason: 'epoch' });
  t.match(locate(log, id(mint(2, 6))), { outcome: 'gap', reason: 'epoch' });
});

t.test('any other id is unknown, and the client goes on at the floor', async (t) => {
  const unknown = { outcome: 'gap', seq: 3, reason: 'unknown-id', lost: null, repeats: true };
  for (const other of ['nope', '17', '\u0000', 'x'.repeat(100_000)])
    t.same(locate(history(3), id(other)), unknown);
});

t.test('an empty log knows the place behind its last event, and no other', async (t) => {
  const { log } = makeLog({ epoch: EPOCH, retainAgeMs: 10 });
  append(log, ['a', 'b'], 0);
  log.trim(100);
  t.equal(log.floorSeq, log.tipSeq);
  t.same(locate(log, id(mint(2, EPOCH))), { outcome: 'exact', seq: 3 });
  t.same(locate(log, id(mint(1, EPOCH))), {
    outcome: 'gap',
    seq: 3,
    reason: 'trimmed',
    lost: 1,
    repeats: false,
  });
});

t.test(
  'a client without an id gets what came while it waited, and hears of no break from before its time',
  async (t) => {
    const { log } = makeLog({ retainEvents: 4 });
    append(log, ['a', 'b']);
    t.same(fresh(log, 3), { outcome: 'fresh', seq: 3 });
    const broken = { bytes: Buffer.from('gap'), tag: TAG.GAP };
    append(log, [broken, broken, 'c']);
    t.same(fresh(log, 3), { outcome: 'fresh', seq: 5 });
    append(log, [broken]);
    t.same(fresh(log, 5), { outcome: 'fresh', seq: 5 }, 'a break behind an event that it gets is told');
    t.same(fresh(log, 6), { outcome: 'fresh', seq: 7 });
    append(log, ['d', 'e', 'f']);
    t.equal(log.floorSeq, 6);
    t.same(fresh(log, 1), { outcome: 'fresh', seq: 7 }, 'the floor may be such a break');
  },
);

t.test('an id that the upstream was asked with names the place where its answer begins', async (t) => {
  const log = history(2);
  const anchor = { id: id('seed'), seq: 3 };
  t.same(locate(log, id('seed'), anchor), { outcome: 'exact', seq: 3 });
  t.same(locate(log, mintBytes(99, EPOCH - 7, id('seed')), anchor), {
    ...{ outcome: 'gap', seq: 3, reason: 'epoch', lost: 0, repeats: true },
  });
  t.equal(behind(log, id('b'), anchor), 5, 'the index comes first');
  t.equal(behind(log, id('other'), anchor), -1);
  t.match(
    locate(log, id('seed'), { ...anchor, seq: 1 }),
    { outcome: 'gap', reason: 'unknown-id' },
    'trimmed',
  );
});

t.test('a minted id stands for the upstream id in it, any other for itself', async (t) => {
  const own = id('5');
  const { log } = makeLog({ epoch: EPOCH });
  t.equal(upstreamIdOf(log, own), own);
  t.equal(String(upstreamIdOf(log, mintBytes(3, EPOCH, own))), '5');
  t.equal(upstreamIdOf(log, id(mint(3, EPOCH))), undefined);
  t.equal(upstreamIdOf(log, id(mint(3, EPOCH - 1))), undefined, 'of another life');
});

t.test('an id of the same form from somewhere else is the upstream id that it is', async (t) => {
  const { log } = makeLog({ epoch: Date.UTC(2026, 0, 1) });
  for (const text of ['1526919030474-0', '1526919030474-12', '2024-01', '12-ab']) {
    const foreign = id(text);
    t.equal(upstreamIdOf(log, foreign), foreign, text);
    t.match(locate(log, foreign), { outcome: 'gap', reason: 'unknown-id' }, text);
  }
  const minted = id(mint(3, Date.UTC(2025, 0, 1)));
  t.match(locate(log, minted), { reason: 'epoch' });
  t.equal(upstreamIdOf(log, minted, 'upstream'), minted, 'where nothing is minted, nothing is ours');
});

t.test('who read on its own and cannot go on exactly is told as much as is known', async (t) => {
  const log = history(4);
  t.same(lostAt(log, id('z'), 2), { outcome: 'gap', seq: 4, reason: 'trimmed', lost: 2, repeats: false });
  const unknown = { outcome: 'gap', seq: 4, reason: 'unknown-id', lost: null, repeats: true };
  t.same(lostAt(log, id('z'), undefined), unknown);
  t.match(lostAt(log, id(mint(3, EPOCH - 7)), undefined), { reason: 'epoch', lost: null });
});
