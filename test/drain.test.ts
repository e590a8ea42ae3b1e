import t from 'tap';
import { endSpread, flushed, spreadMs } from '../src/drain.js';
import { ManualClock } from './helpers/manual-clock.js';

t.test('the spread grows with the clients up to its limit', async (t) => {
  t.equal(spreadMs(0, 5_000), 0);
  t.equal(spreadMs(10, 5_000), 50);
  t.equal(spreadMs(1_000, 5_000), 5_000);
  t.equal(spreadMs(10_000, 5_000), 5_000);
  t.equal(spreadMs(10, 0), 0);
});

t.test(
  'everyone is ended once, in order, evenly over the spread, and it resolves behind the last',
  async (t) => {
    const clock = new ManualClock();
    const items = Array.from({ length: 1_000 }, (_, i) => i);
    const ended: { item: number; at: number }[] = [];
    const began = clock.now();
    let resolved = false;
    const done = endSpread(items, 5_000, clock, (item) => ended.push({ item, at: clock.now() - began })).then(
      () => {
        resolved = true;
      },
    );
    clock.advance(4_900);
    await Promise.resolve();
    t.notOk(resolved);
    t.ok(ended.length < 1_000);
    clock.advance(200);
    await done;
    t.same(
      ended.map(({ item }) => item),
      items,
    );
    for (let from = 0; from < 5_000; from += 500) {
      const inWindow = ended.filter(({ at }) => at >= from && at < from + 500).length;
      t.ok(inWindow >= 90 && inWindow <= 110, `${inWindow} between ${from} and ${from + 500} ms`);
    }
    t.equal(clock.pending, 0);
  },
);

t.test('nobody to end, or no time to do it: all at once', async (t) => {
  const clock = new ManualClock();
  const ended: number[] = [];
  await endSpread([], 5_000, clock, () => t.fail());
  await endSpread([1, 2, 3], 0, clock, (item) => ended.push(item));
  t.same(ended, [1, 2, 3]);
  t.equal(clock.pending, 0);
});

t.test('a clock that jumps loses nobody', async (t) => {
  const clock = new ManualClock();
  const ended = new Set<number>();
  const done = endSpread(
    Array.from({ length: 500 }, (_, i) => i),
    5_000,
    clock,
    (item) => ended.add(item),
  );
  clock.advance(1e6);
  await done;
  t.equal(ended.size, 500);
});

t.test('a flush is waited for while it may still happen, and for a second at most', async (t) => {
  const clock = new ManualClock();
  await flushed(clock, () => true);
  t.equal(clock.pending, 0, 'nothing to wait for');
  const began = clock.now();
  let gone = false;
  let done = false;
  const wait = async (): Promise<number> => {
    done = false;
    void flushed(clock, () => gone).then(() => {
      done = true;
    });
    const from = clock.now();
    while (!done) {
      clock.advance(5);
      await new Promise((resolve) => setImmediate(resolve));
      if (clock.now() - began === 100) gone = true;
    }
    return clock.now() - from;
  };
  t.ok((await wait()) <= 130);
  gone = false;
  const longest = await wait();
  t.ok(longest >= 1_000 && longest <= 1_050, `${longest} ms`);
});
