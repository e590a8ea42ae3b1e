import t from 'tap';
import { HeadWait } from '../src/head-wait.js';
import { ManualClock } from './helpers/manual-clock.js';

/** Settled or not after all microtasks that are due. */
async function settled(promise: Promise<void>): Promise<boolean> {
  const pending = Symbol();
  return (await Promise.race([promise, Promise.resolve(pending).then(async (p) => p)])) !== pending;
}

t.test('everyone who waits goes on at the outcome, and leaves no timer', async (t) => {
  const clock = new ManualClock();
  const head = new HeadWait(clock);
  const waits = [head.wait(100), head.wait(200)];
  t.notOk(await settled(waits[0]!));
  head.over();
  await Promise.all(waits);
  t.equal(clock.pending, 0);
});

t.test('nobody waits longer than asked', async (t) => {
  const clock = new ManualClock();
  const head = new HeadWait(clock);
  const wait = head.wait(100);
  clock.advance(99);
  t.notOk(await settled(wait));
  clock.advance(1);
  await wait;
  head.over();
});

t.test('an outcome is for those who wait, not for later ones', async (t) => {
  const clock = new ManualClock();
  const head = new HeadWait(clock);
  head.over();
  const wait = head.wait(100);
  t.notOk(await settled(wait));
  clock.advance(100);
  await wait;
});
