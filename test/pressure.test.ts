/** Who is closed when the logs hold too much: with channels that say what they hold, and note what is asked of them. */
import t from 'tap';
import { Cursor } from '../src/log/cursor.js';
import { type Pressed, Pressure } from '../src/pressure.js';
import { ManualClock } from './helpers/manual-clock.js';
import { append, content, KIB, makeLog } from './log/fixture.js';

/** Asked for so many bytes by name; `has` is what it can free. */
function make(...channels: readonly { name: string; has?: number; hasPrivate?: number; events: number }[]) {
  const clock = new ManualClock();
  const asked: [string, number][] = [];
  const pressed: Pressed[] = [];
  const pressure = new Pressure(64 * KIB, clock, () => pressed);
  for (const { name, has = 0, hasPrivate = 0, events } of channels) {
    const { log } = makeLog({ budget: pressure.budget });
    // Every event is held by a write that is never over.
    const cursor = new Cursor(log, log.tip);
    for (let n = 0; n < events; n += 1) {
      append(log, [content(n, KIB).toString()]);
      cursor.read(KIB);
    }
    const free = (what: string, most: number) => (bytes: number) => {
      asked.push([what, bytes]);
      return Math.min(most, bytes);
    };
    pressed.push({
      log,
      subscribers: { evictHolders: free(name, has), evictPrivate: free(`${name}, private`, hasPrivate) },
    });
  }
  return { clock, pressure, asked, budget: pressure.budget, logs: pressed.map(({ log }) => log) };
}

t.test('within the budget nobody is asked and nobody refused', async (t) => {
  const { pressure, asked } = make({ name: 'a', events: 10, has: 1e9 });
  pressure.relieve();
  t.notOk(pressure.refusing);
  t.same(asked, []);
});

t.test('private logs let go first, then channels above their share, and none below it', async (t) => {
  const { pressure, asked, budget, logs } = make(
    { name: 'quiet', events: 3, has: 1e9, hasPrivate: KIB },
    { name: 'flooding', events: 150, has: 1e9, hasPrivate: 2 * KIB },
  );
  const excess = budget.usedBytes - budget.maxBytes;
  t.ok(excess > 4 * KIB);
  t.ok(pressure.refusing);
  pressure.relieve();
  t.same(asked, [
    ['quiet, private', excess],
    ['flooding, private', excess - KIB],
    ['flooding', Math.min(excess - 3 * KIB, logs[1]!.heldBytes - budget.shareBytes)],
  ]);
});

t.test('who exceeds it within a turn is seen to at the end of the turn, once', async (t) => {
  const { clock, asked, budget, pressure } = make({ name: 'a', events: 150, has: 1e9 });
  t.same(asked, [], 'not within the append');
  clock.runTurns();
  t.same(
    asked.map(([name]) => name),
    ['a, private', 'a'],
  );
  budget.take(KIB);
  pressure.stop();
  clock.runTurns();
  t.equal(asked.length, 2, 'nor when all is over');
  budget.give(budget.usedBytes);
  t.notOk(pressure.refusing);
});
