import t from 'tap';
import { Demand } from '../src/demand.js';
import { ManualClock } from './helpers/manual-clock.js';

function make(always = false) {
  const clock = new ManualClock();
  const calls: string[] = [];
  const demand = new Demand({
    ...{ clock, always, lingerMs: 100 },
    open: () => calls.push('open'),
    close: () => calls.push('close'),
  });
  return { clock, calls, demand };
}

t.test('the first claim opens, and the last one given back closes after the linger', async (t) => {
  const { clock, calls, demand } = make();
  t.notOk(demand.wanted);
  const first = demand.take();
  t.same(calls, ['open']);
  const second = demand.take();
  first();
  clock.advance(1_000);
  t.notOk(calls.includes('close'), 'one is left');
  second();
  clock.advance(99);
  t.ok(demand.wanted);
  t.notOk(calls.includes('close'));
  clock.advance(1);
  t.equal(calls.at(-1), 'close');
  t.notOk(demand.wanted);
});

t.test('a claim during the linger keeps it open, and the linger begins anew behind it', async (t) => {
  const { clock, calls, demand } = make();
  demand.take()();
  clock.advance(99);
  const back = demand.take();
  clock.advance(1_000);
  t.notOk(calls.includes('close'));
  back();
  clock.advance(99);
  t.notOk(calls.includes('close'));
  clock.advance(1);
  t.same(calls.filter((call) => call === 'close').length, 1);
});

t.test('a claim is given back once, however often it is called', async (t) => {
  const { clock, calls, demand } = make();
  const first = demand.take();
  demand.take();
  first();
  first();
  first();
  clock.advance(1_000);
  t.ok(demand.wanted);
  t.notOk(calls.includes('close'));
});

t.test('every newcomer asks again, so that one that failed may try', async (t) => {
  const { calls, demand } = make();
  demand.take();
  demand.take();
  t.same(calls, ['open', 'open']);
});

t.test('always is wanted from the start, and never closes', async (t) => {
  const { clock, calls, demand } = make(true);
  t.ok(demand.wanted);
  demand.take()();
  clock.advance(1e9);
  t.same(calls, ['open']);
});

t.test('after its end nothing opens or closes', async (t) => {
  const { clock, calls, demand } = make();
  const held = demand.take();
  demand.take()();
  calls.length = 0;
  demand.end();
  held();
  demand.take()();
  clock.advance(1_000);
  t.same(calls, []);
  t.equal(clock.pending, 0);
  t.notOk(demand.wanted);
});

t.test('an end during the linger stops it', async (t) => {
  const { clock, calls, demand } = make();
  demand.take()();
  demand.end();
  t.equal(clock.pending, 0);
  clock.advance(1_000);
  t.same(calls, ['open']);
});

t.test('held means somebody is there now, wanted that somebody may be back', async (t) => {
  const { clock, demand } = make();
  const release = demand.take();
  t.ok(demand.held && demand.wanted);
  release();
  t.notOk(demand.held);
  t.ok(demand.wanted);
  clock.advance(100);
  t.notOk(demand.wanted);
  t.ok(make(true).demand.held);
});
