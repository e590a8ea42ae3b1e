import t from 'tap';
import { ManualClock, seededRandom } from './manual-clock.js';

t.test('timers fire in time order at their own time, those asked for on the way included', async (t) => {
  const clock = new ManualClock();
  const fired: string[] = [];
  const note = (name: string) => () => fired.push(`${name}@${clock.now()}`);
  clock.after(30, note('c'));
  clock.after(10, () => {
    note('a')();
    clock.after(5, note('b'));
    clock.after(1_000, note('never'));
  });
  clock.after(10, note('a2'));
  clock.after(-5, note('at once'));
  clock.after(Number.NaN, note('not a number'));
  clock.advance(30);
  t.same(fired, ['at once@1000', 'not a number@1000', 'a@1010', 'a2@1010', 'b@1015', 'c@1030']);
  t.equal(clock.now(), 1_030);
  t.equal(clock.pending, 1);
  t.equal(clock.nextAt, 2_010);
});

t.test('a cancelled timer or turn never runs, and cancelling twice is harmless', async (t) => {
  const clock = new ManualClock();
  const timer = clock.after(5, () => t.fail('cancelled'));
  const turn = clock.turn(() => t.fail('cancelled'));
  t.equal(clock.pending + clock.pendingTurns, 2);
  for (const each of [timer, turn, timer, turn]) each.cancel();
  t.equal(clock.pending + clock.pendingTurns, 0);
  clock.advance(10);
});

t.test('turns run first asked first, before the first timer and after each', async (t) => {
  const clock = new ManualClock();
  const ran: string[] = [];
  clock.turn(() => {
    ran.push('turn 1');
    clock.turn(() => ran.push('turn 3'));
  });
  clock.turn(() => ran.push('turn 2'));
  clock.after(1, () => {
    ran.push('timer 1');
    clock.turn(() => ran.push('turn 4'));
  });
  clock.after(1, () => ran.push('timer 2'));
  clock.advance(1);
  t.same(ran, ['turn 1', 'turn 2', 'turn 3', 'timer 1', 'turn 4', 'timer 2']);
});

t.test('a turn or a timer that always asks for another is an error and not a hang', async (t) => {
  const turning = new ManualClock();
  const again = () => void turning.turn(again);
  again();
  t.throws(() => turning.runTurns(), /turns ran/);

  const spinning = new ManualClock();
  const atOnce = () => void spinning.after(0, atOnce);
  atOnce();
  t.throws(() => spinning.advance(1), /timers fired at 1000 ms/);
});

t.test('a delay is clamped to what a Node timer takes', async (t) => {
  const clock = new ManualClock(0);
  clock.after(Number.POSITIVE_INFINITY, () => undefined);
  t.equal(clock.nextAt, 2 ** 31 - 1);
});

t.test('monotonic time cannot go back, and setting the wall clock does not touch it', async (t) => {
  const clock = new ManualClock();
  const wall = clock.wallNow();
  t.throws(() => clock.advance(-1), RangeError);
  t.throws(() => clock.advance(Number.NaN), RangeError);
  clock.advance(7);
  t.equal(clock.wallNow() - wall, 7);
  clock.setWallBy(-5_000);
  t.equal(clock.wallNow() - wall, 7 - 5_000);
  t.equal(clock.now(), 1_007);
});

t.test('equal seeds give equal draws in [0, 1), spread evenly, and other seeds give others', async (t) => {
  const draw = (seed: number) => {
    const random = seededRandom(seed);
    return Array.from({ length: 10_000 }, random);
  };
  const draws = draw(1);
  t.same(draws, draw(1));
  t.notSame(draws.slice(0, 3), draw(2).slice(0, 3));
  t.ok(draws.every((x) => x >= 0 && x < 1));
  const deciles = new Array<number>(10).fill(0);
  for (const x of draws) deciles[Math.floor(x * 10)]! += 1;
  t.ok(
    deciles.every((count) => count > 850 && count < 1_150),
    `deciles ${deciles}`,
  );
});
