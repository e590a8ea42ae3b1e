/** Where published events stand, as far as anybody can say. */
import t from 'tap';
import { Locals } from './locals.js';

t.test('one stands behind the upstream event that was brought last, and before the next', async (t) => {
  const locals = new Locals(true);
  for (const n of [1, 2]) locals.brought(n);
  t.same(locals.add(true), { k: 1, id: 'p1' });
  locals.brought(3);
  locals.add(false);
  t.equal(locals.afterOf(1), 2);
  t.same(locals.between(0, 2, 3), { must: 1, may: 0 });
  t.same(locals.between(1, 2, 3), { must: 0, may: 0 }, 'it was seen');
  t.same(locals.between(0, 3, 4), { must: 1, may: 0 }, 'behind where the client stands');
  t.equal(locals.passed(0, 3), 1);
  t.ok(locals.isOwn('p1'));
  t.notOk(locals.isOwn('p2'));
});

t.test('where nobody can say it may be seen or not', async (t) => {
  const before = new Locals(true);
  before.add(false);
  before.brought(1);
  t.same(before.between(0, 0, 2), { must: 0, may: 1 }, 'before the first event');
  const almost = new Locals(true);
  almost.brought(1);
  almost.unsure();
  almost.add(false);
  t.same(almost.between(0, 1, 3), { must: 0, may: 1 });
  const rested = new Locals(true);
  rested.brought(1);
  rested.add(false);
  rested.rest();
  t.same(rested.between(0, 1, 2), { must: 0, may: 1 }, 'the connection may go on anywhere');
  for (const dropped of [true, false]) {
    const again = new Locals(dropped);
    for (const n of [1, 2]) again.brought(n);
    again.add(false);
    again.brought(2);
    t.same(again.between(0, 2, 3), dropped ? { must: 1, may: 0 } : { must: 0, may: 1 });
  }
});

t.test('what was published in a former life is gone', async (t) => {
  const locals = new Locals(true);
  locals.brought(1);
  locals.add(false);
  locals.newLife();
  locals.brought(1);
  t.same(locals.between(0, 1, 2), { must: 0, may: 0 });
});

t.test('each connection behind a rest may have forgotten the places of those without an id', async (t) => {
  const locals = new Locals(true);
  locals.brought(1);
  locals.add(true);
  locals.rest();
  locals.reopen();
  t.equal(locals.forgettings, 0, 'all have ids');
  locals.rest();
  locals.add(false);
  t.equal(locals.forgettings, 0, 'it rests');
  locals.reopen();
  t.equal(locals.forgettings, 1, 'what was published meanwhile counts');
  locals.newLife();
  t.equal(locals.forgettings, 0, 'a new life has nothing to forget');
});
