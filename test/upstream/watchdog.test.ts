import t from 'tap';
import type { Clock } from '../../src/clock.js';
import { Watchdog } from '../../src/upstream/watchdog.js';
import { ManualClock } from '../helpers/manual-clock.js';

t.test('silence for the whole limit is reported once', async (t) => {
  const clock = new ManualClock();
  let expired = 0;
  new Watchdog(clock).watch(1_000, () => expired++);
  clock.advance(999);
  t.equal(expired, 0);
  clock.advance(1);
  t.equal(expired, 1);
  clock.advance(100_000);
  t.equal(expired, 1);
});

t.test('the limit counts from the last touch', async (t) => {
  const clock = new ManualClock();
  let expired = 0;
  const watchdog = new Watchdog(clock);
  watchdog.watch(1_000, () => expired++);
  clock.advance(700);
  watchdog.touch();
  clock.advance(999);
  t.equal(expired, 0);
  clock.advance(1);
  t.equal(expired, 1);
});

t.test('what came while the process slept counts, though its timer is first', async (t) => {
  const clock = new ManualClock();
  let expired = 0;
  const watchdog = new Watchdog(clock);
  // Before the watchdog's own turn, as sockets are read before a turn is over.
  clock.after(1_000, () => clock.turn(() => watchdog.touch()));
  watchdog.watch(1_000, () => expired++);
  clock.sleep(5_000);
  clock.advance(0);
  t.equal(expired, 0);
  clock.advance(999);
  t.equal(expired, 0);
  clock.advance(1);
  t.equal(expired, 1);
});

t.test('a touch costs no timer', async (t) => {
  const clock = new ManualClock();
  let timers = 0;
  const counting: Clock = {
    now: () => clock.now(),
    wallNow: () => clock.wallNow(),
    turn: (fn) => clock.turn(fn),
    after(ms, fn) {
      timers += 1;
      return clock.after(ms, fn);
    },
  };
  const watchdog = new Watchdog(counting);
  watchdog.watch(1_000, () => {});
  for (let i = 0; i < 1_000; i++) {
    watchdog.touch();
    clock.advance(1);
  }
  t.equal(timers, 2, 'one at the start, one for the remainder');
});

t.test('a new watch replaces the former', async (t) => {
  const clock = new ManualClock();
  const expired: string[] = [];
  const watchdog = new Watchdog(clock);
  watchdog.watch(100, () => expired.push('first'));
  watchdog.watch(200, () => expired.push('second'));
  clock.advance(1_000);
  t.same(expired, ['second']);
});

t.test('after stop nothing is reported and no timer is left', async (t) => {
  const clock = new ManualClock();
  const watchdog = new Watchdog(clock);
  watchdog.watch(100, () => t.fail('reported after stop'));
  watchdog.stop();
  watchdog.stop();
  t.equal(clock.pending, 0);
  clock.advance(1_000);
});

t.test('what is called on expiry may watch again', async (t) => {
  const clock = new ManualClock();
  const expired: string[] = [];
  const watchdog = new Watchdog(clock);
  watchdog.watch(100, () => {
    expired.push('first');
    watchdog.watch(100, () => expired.push('second'));
  });
  clock.advance(200);
  t.same(expired, ['first', 'second']);
});
