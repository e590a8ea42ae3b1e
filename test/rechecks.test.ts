import t from 'tap';
import { Rechecks } from '../src/rechecks.js';
import { ManualClock, seededRandom } from './helpers/manual-clock.js';

type Ask = (item: string) => unknown;

function make(ask: Ask | undefined, everyMs = 60_000) {
  const clock = new ManualClock();
  const gone: string[] = [];
  const why = new Map<string, unknown>();
  const rechecks = new Rechecks<string>({
    ...{ clock, random: seededRandom(1), everyMs, timeoutMs: 10_000, ask },
    refused: (item, reason) => {
      gone.push(item);
      why.set(item, reason);
    },
  });
  return { clock, gone, why, rechecks };
}

const inMs = (clock: ManualClock, ms: number) => new Date(clock.wallNow() + ms);
const settled = () => new Promise((resolve) => setImmediate(resolve));

t.test('each is asked about within every interval, and not much oftener', async (t) => {
  const asked: number[] = [];
  const { clock, rechecks } = make(() => asked.push(clock.now()) > 0);
  rechecks.add('a', undefined);
  clock.advance(600_000);
  const gaps = asked.slice(1).map((at, i) => at - asked[i]!);
  t.ok(asked.length >= 10, `${asked.length} times in ten intervals`);
  for (const gap of gaps) t.ok(gap >= 48_000 && gap <= 60_250, `${gap} ms`);
});

t.test('only true and a date to come let it go on', async (t) => {
  const answers: Record<string, () => unknown> = {
    ...{ false: () => false, undefined: () => undefined, null: () => null, one: () => 1, object: () => ({}) },
    ...{
      past: () => new Date(0),
      invalid: () => new Date(Number.NaN),
      rejects: () => Promise.reject(new Error('no')),
    },
    throws: () => {
      throw new Error('no');
    },
    ...{ late: async () => false, true: () => true, soon: async () => true },
    date: () => new Date(Date.UTC(2040, 0, 1)),
  };
  const { clock, rechecks, gone } = make((item) => answers[item]!());
  for (const item of Object.keys(answers)) rechecks.add(item, undefined);
  clock.advance(60_250);
  await settled();
  const stay = ['true', 'soon', 'date'];
  t.same(
    gone.sort(),
    Object.keys(answers)
      .filter((item) => !stay.includes(item))
      .sort(),
  );
  t.equal(rechecks.size, stay.length);
});

t.test('without somebody to ask each goes at its date, and the others stay', async (t) => {
  const { clock, rechecks, gone, why } = make(undefined);
  rechecks.add('short', inMs(clock, 5_000));
  rechecks.add('long', inMs(clock, 500_000));
  rechecks.add('ever', undefined);
  clock.advance(4_999);
  t.same(gone, []);
  clock.advance(251);
  t.same(gone, ['short']);
  t.equal(why.get('short'), 'expired');
  clock.advance(494_000);
  t.same(gone, ['short']);
  clock.advance(1_250);
  t.same(gone, ['short', 'long']);
  clock.advance(10_000_000);
  t.equal(rechecks.size, 1);
});

t.test('at its date it is asked about, and may stay with a new date only', async (t) => {
  const asked: string[] = [];
  const { clock, rechecks, gone } = make((item) => {
    asked.push(item);
    return item === 'renewed' ? inMs(clock, 7_000) : item === 'allowed';
  });
  for (const item of ['renewed', 'allowed', 'over']) rechecks.add(item, inMs(clock, 5_000));
  clock.advance(5_250);
  t.same(
    [asked, gone],
    [
      ['renewed', 'allowed', 'over'],
      ['allowed', 'over'],
    ],
  );
  clock.advance(7_500);
  t.same(asked, ['renewed', 'allowed', 'over', 'renewed']);
});

t.test('a wall clock that jumps is noticed at the next look', async (t) => {
  const { clock, rechecks, gone } = make(undefined);
  rechecks.add('a', inMs(clock, 3_600_000));
  clock.setWallBy(7_200_000);
  clock.advance(60_250);
  t.same(gone, ['a']);
});

t.test('one that hangs has a limit, holds up nobody, and its late answer is nobody’s', async (t) => {
  const late: ((answer: boolean) => void)[] = [];
  const { clock, rechecks, gone, why } = make((item) =>
    item.startsWith('hangs') ? new Promise((resolve) => late.push(resolve)) : inMs(clock, 3_600_000),
  );
  for (let i = 0; i < 99; i += 1) rechecks.add(`hangs ${i}`, inMs(clock, 1));
  rechecks.add('next', inMs(clock, 1));
  clock.advance(250);
  t.equal(late.length, 99);
  clock.advance(9_750);
  t.same(gone, []);
  clock.advance(250);
  t.equal(gone.length, 99);
  t.match(why.get('hangs 0'), { message: 'no answer within 10000 ms' });
  for (const answer of late) answer(true);
  await settled();
  t.equal(rechecks.size, 1, 'next is there');
});

t.test('10,000 at once are asked about by the hundred, a turn in between, and all are', async (t) => {
  let [inTurn, most, total, turns] = [0, 0, 0, 0];
  const { clock, rechecks } = make(() => {
    if (inTurn === 0)
      clock.turn(() => {
        inTurn = 0;
        turns += 1;
      });
    inTurn += 1;
    total += 1;
    most = Math.max(most, inTurn);
    return true;
  });
  for (let i = 0; i < 10_000; i += 1) rechecks.add(String(i), inMs(clock, 1));
  t.equal(clock.pending, 1, 'one timer for all');
  clock.advance(250);
  t.equal(total, 10_000);
  t.ok(most <= 200, `${most} in one turn`);
  t.ok(turns >= 50, `${turns} turns`);
});

t.test('those that came together are spread over a fifth of the interval', async (t) => {
  const asked: number[] = [];
  const { clock, rechecks } = make(() => asked.push(clock.now()) > 0);
  for (let i = 0; i < 10_000; i += 1) rechecks.add(String(i), undefined);
  clock.advance(60_250);
  const perTick = new Map<number, number>();
  for (const at of asked) perTick.set(at, (perTick.get(at) ?? 0) + 1);
  t.equal(asked.length, 10_000);
  const most = Math.max(...perTick.values());
  t.ok(most < 10_000 / 30, `${most} in one tick of 250 ms`);
});

t.test('who has left is not asked about, and with the last one the timer goes', async (t) => {
  let asked = 0;
  const { clock, rechecks, gone } = make(() => {
    asked += 1;
    return false;
  });
  rechecks.add('a', undefined);
  rechecks.add('b', undefined);
  rechecks.delete('a');
  rechecks.delete('a');
  t.equal(clock.pending, 1);
  rechecks.delete('b');
  t.equal(clock.pending, 0);
  clock.advance(120_000);
  t.same([asked, gone], [0, []]);
  rechecks.add('c', undefined);
  clock.advance(60_250);
  t.same(gone, ['c']);
  t.equal(clock.pending, 0);
});
