import t from 'tap';
import { MAX_TIMER_MS, systemClock } from '../src/clock.js';

const order = async (ask: (note: (what: string) => () => void) => void): Promise<string[]> => {
  const seen: string[] = [];
  await new Promise<void>((done) => {
    ask((what) => () => {
      seen.push(what);
      if (what === 'last') done();
    });
    // Timers of the clock keep no process alive.
    const alive = setTimeout(done, 5_000);
    alive.unref();
    t.teardown(() => clearTimeout(alive));
    const hold = setInterval(() => seen.includes('last') && clearInterval(hold), 5);
  });
  return seen;
};

t.test('a delay beyond what a timer takes does not fire at once', async (t) => {
  const seen = await order((note) => {
    const timers = [MAX_TIMER_MS + 1, 1e12, Number.POSITIVE_INFINITY].map((ms) =>
      systemClock.after(ms, note(`${ms}`)),
    );
    systemClock.after(20, note('last'));
    t.teardown(() => {
      for (const timer of timers) timer.cancel();
    });
  });
  t.same(seen, ['last']);
});

t.test('a negative delay fires, and a cancelled call does not, however often it is cancelled', async (t) => {
  const seen = await order((note) => {
    systemClock.after(-5, note('negative'));
    const timer = systemClock.after(1, note('cancelled'));
    const turn = systemClock.turn(note('cancelled turn'));
    for (let i = 0; i < 2; i += 1) {
      timer.cancel();
      turn.cancel();
    }
    systemClock.turn(note('turn'));
    systemClock.after(20, note('last'));
  });
  t.same(seen.toSorted(), ['last', 'negative', 'turn']);
});

t.test('now never goes back, and wallNow is whole milliseconds since the epoch', async (t) => {
  let before = systemClock.now();
  for (let i = 0; i < 1_000; i += 1) {
    const now = systemClock.now();
    if (now < before) t.fail(`${now} after ${before}`);
    before = now;
  }
  t.ok(Number.isInteger(systemClock.wallNow()));
  t.ok(Math.abs(systemClock.wallNow() - Date.now()) < 1_000);
});
