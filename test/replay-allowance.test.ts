import t from 'tap';
import { ReplayAllowance } from '../src/replay-allowance.js';

t.test('no more is taken than there is, and what is given back goes to who waits longest', async (t) => {
  const allowance = new ReplayAllowance(30);
  const order: string[] = [];
  const waiter = (name: string) => () => {
    order.push(name);
    allowance.take(10, again.get(name)!);
  };
  const again = new Map(['a', 'b'].map((name) => [name, waiter(name)] as const));
  for (let n = 0; n < 3; n += 1) t.ok(allowance.take(10, again.get('a')!));
  for (const name of ['a', 'a', 'b']) t.notOk(allowance.take(10, again.get(name)!));
  t.equal(allowance.waiting, 2, 'each waits once');
  allowance.give(10);
  t.same(order, ['a']);
  t.equal(allowance.waiting, 1);
  allowance.give(10);
  t.same(order, ['a', 'b']);
  allowance.give(10);
  t.same(order, ['a', 'b'], 'nobody waits any more');
});

t.test('one request is allowed though it may bring more than all may', async (t) => {
  const allowance = new ReplayAllowance(5);
  t.ok(allowance.take(10, () => undefined));
  t.notOk(allowance.take(1, () => undefined));
});

t.test('who has left is not called', async (t) => {
  const allowance = new ReplayAllowance(1);
  const again = () => t.fail('called');
  allowance.take(1, again);
  allowance.take(1, again);
  allowance.leave(again);
  allowance.give(1);
});
