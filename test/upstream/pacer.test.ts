import fc from 'fast-check';
import t from 'tap';
import { Pacer } from '../../src/upstream/pacer.js';
import { ManualClock } from '../helpers/manual-clock.js';

const ORIGIN = 'http://one.test';

t.test('an origin that was quiet gives a tenth of its second at once, and then no more', async (t) => {
  const pacer = new Pacer(new ManualClock(), 30);
  t.same(
    [1, 2, 3, 4].map(() => pacer.take(ORIGIN)),
    [true, true, true, false],
  );
});

t.test('origins do not slow each other down', async (t) => {
  const pacer = new Pacer(new ManualClock(), 1);
  t.ok(pacer.take(ORIGIN));
  t.ok(pacer.take('http://two.test'));
});

t.test('by default an origin gets 100 connects per second, 10 of them per tenth', async (t) => {
  const clock = new ManualClock();
  const pacer = new Pacer(clock);
  const taken: number[] = [];
  for (let tenth = 0; tenth < 11; tenth += 1) {
    let connects = 0;
    while (pacer.take(ORIGIN)) connects += 1;
    taken.push(connects);
    clock.advance(100);
  }
  t.same(taken, [10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10]);
});

t.test('who waits is admitted in the order of asking, when a slot is a second old', async (t) => {
  const clock = new ManualClock();
  const pacer = new Pacer(clock, 2);
  pacer.take(ORIGIN);
  clock.advance(400);
  pacer.take(ORIGIN);
  const admitted: [name: string, at: number][] = [];
  const start = clock.now();
  for (const name of ['a', 'b', 'c']) pacer.wait(ORIGIN, () => admitted.push([name, clock.now() - start]));
  clock.advance(5_000);
  t.same(admitted, [
    ['a', 600],
    ['b', 1_000],
    ['c', 1_600],
  ]);
  t.equal(clock.pending, 0);
});

t.test('nobody overtakes who waits', async (t) => {
  const clock = new ManualClock();
  const pacer = new Pacer(clock, 1);
  pacer.wait(ORIGIN, () => {});
  t.equal(pacer.take(ORIGIN), false);
});

t.test('who cancels gives the place to the next and takes no slot', async (t) => {
  const clock = new ManualClock();
  const pacer = new Pacer(clock, 1);
  pacer.take(ORIGIN);
  const admitted: string[] = [];
  const first = pacer.wait(ORIGIN, () => admitted.push('first'));
  pacer.wait(ORIGIN, () => admitted.push('second'));
  first.cancel();
  first.cancel();
  clock.advance(1_000);
  t.same(admitted, ['second']);
});

t.test('without anybody waiting no timer is left', async (t) => {
  const clock = new ManualClock();
  const pacer = new Pacer(clock, 1);
  pacer.take(ORIGIN);
  pacer.wait(ORIGIN, () => {}).cancel();
  t.equal(clock.pending, 0);
});

t.test('who asks again while being admitted waits for the next slot', async (t) => {
  const clock = new ManualClock();
  const pacer = new Pacer(clock, 1);
  const admitted: number[] = [];
  const start = clock.now();
  const again = (): void => {
    admitted.push(clock.now() - start);
    if (admitted.length < 3) pacer.wait(ORIGIN, again);
  };
  pacer.wait(ORIGIN, again);
  clock.advance(10_000);
  t.same(admitted, [0, 1_000, 2_000]);
});

t.test(
  'no second and no tenth of one sees more connects than allowed, and all who wait get one',
  async () => {
    const steps = fc.array(fc.tuple(fc.nat(700), fc.nat(12)), { maxLength: 30 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), steps, (perSecond, steps) => {
        const clock = new ManualClock();
        const pacer = new Pacer(clock, perSecond);
        const times: number[] = [];
        let asked = 0;
        for (const [pause, connects] of steps) {
          clock.advance(pause);
          for (let i = 0; i < connects; i++) {
            asked += 1;
            if (pacer.take(ORIGIN)) times.push(clock.now());
            else pacer.wait(ORIGIN, () => times.push(clock.now()));
          }
        }
        clock.advance((asked / perSecond + 1) * 1_000);
        const within = (connects: number, ms: number) =>
          times.some((time, i) => i >= connects && time - times[i - connects]! < ms);
        const tooSoon = within(perSecond, 1_000) || within(Math.ceil(perSecond / 10), 100);
        return times.length === asked && !tooSoon;
      }),
    );
  },
);
