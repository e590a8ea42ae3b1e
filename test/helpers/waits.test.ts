import t from 'tap';
import { until, Waits } from './waits.js';

t.test('a wait ends with the change that makes its condition true', async (t) => {
  let value = 0;
  const waits = new Waits(() => `value ${value}`);
  let done = false;
  const two = waits.until(() => value === 2, 'two').then(() => (done = true));
  value = 1;
  waits.check();
  await Promise.resolve();
  t.notOk(done);
  value = 2;
  waits.check();
  await two;
  await waits.until(() => value === 2, 'what already holds');
});

t.test(
  'a deadline rejects with what was waited for, what was seen, and the stack of the caller',
  async (t) => {
    const waits = new Waits(() => 'three of four');
    const error = await waits.until(() => false, 'four', 1).catch((error: unknown) => error);
    t.match(error, { message: '1 ms passed while waiting for four; seen: three of four' });
    t.match(error, { stack: /waits\.test\.[jt]s/ });
  },
);

t.test('once it is over, what does not hold is rejected at once and what holds is not', async (t) => {
  const waits = new Waits(() => 'nothing');
  const before = t.rejects(
    waits.until(() => false, 'a', 60_000),
    { message: /^closed while waiting for a/ },
  );
  waits.over('closed');
  await before;
  await t.rejects(
    waits.until(() => false, 'b', 60_000),
    { message: /^closed while waiting for b/ },
  );
  await waits.until(() => true, 'c');
});

t.test('a condition that throws fails its wait and no other', async (t) => {
  const waits = new Waits(() => 'nothing');
  let holds = false;
  const other = waits.until(() => holds, 'other');
  await t.rejects(
    waits.until(() => {
      throw new TypeError('oops');
    }, 'broken'),
    { message: /^the condition threw TypeError: oops/ },
  );
  holds = true;
  waits.check();
  await other;
});

t.test('until looks again by itself, and says what it saw when the deadline passes', async (t) => {
  let looks = 0;
  await until(
    () => ++looks === 60,
    () => 'never',
  );
  t.equal(looks, 60);
  await t.rejects(
    until(
      () => false,
      () => 'still false',
      1,
    ),
    { message: '1 ms passed; still false' },
  );
});
