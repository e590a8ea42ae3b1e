import fc from 'fast-check';
import t from 'tap';
import { LogBudget } from '../../src/log/budget.js';
import { Cursor } from '../../src/log/cursor.js';
import type { EventLog } from '../../src/log/event-log.js';
import { SlabPool } from '../../src/log/pool.js';
import type { Slice } from '../../src/log/slice.js';
import { append, content, KIB, makeLog } from './fixture.js';

/** Appends events of 1 KiB, one batch each. */
function fill(log: EventLog, events: number): void {
  for (let n = 0; n < events; n++) append(log, [content(n, KIB).toString()]);
}

t.test('the largest log is trimmed first', async (t) => {
  const budget = new LogBudget(600 * KIB);
  const { log: large } = makeLog({ budget });
  const { log: small } = makeLog({ budget });
  fill(large, 400);
  fill(small, 60);
  t.equal(large.floorSeq, 1, 'nothing is trimmed within the budget');
  fill(small, 190);
  t.ok(large.floorSeq > 1);
  t.equal(small.floorSeq, 1);
  t.ok(budget.usedBytes <= budget.maxBytes);
  t.equal(budget.usedBytes, large.heldBytes + small.heldBytes);
});

t.test('a log within its share keeps all of it, whatever another holds, and pins', async (t) => {
  let told = 0;
  const budget = new LogBudget(512 * KIB, () => (told += 1));
  const { log: flooding } = makeLog({ budget });
  const quiet = Array.from({ length: 3 }, () => makeLog({ budget }).log);
  for (const log of quiet) fill(log, 100);
  const cursor = new Cursor(flooding, flooding.tip);
  const held: Slice[] = [];
  for (let n = 0; n < 1_000; n += 1) {
    fill(flooding, 1);
    const slice = cursor.read(64 * KIB)!;
    if (n % 60 === 0) held.push(slice);
    else slice.unpin();
  }
  t.ok(flooding.pinnedBytes > budget.maxBytes);
  t.ok(budget.exceeded && told > 0, 'and who made the budget is told');
  t.same(
    quiet.map((log) => log.floorSeq),
    [1, 1, 1],
  );
  t.equal(budget.shareBytes, 128 * KIB);
  for (const slice of held) slice.unpin();
  t.notOk(budget.exceeded);
  fill(flooding, 1_000);
  t.notOk(budget.exceeded);
  t.same(
    quiet.map((log) => log.floorSeq),
    [1, 1, 1],
  );
  quiet[0]!.close();
  t.equal(budget.shareBytes, (512 / 3) * KIB);
});

t.test('private logs shed before any other, and have no share', async (t) => {
  const budget = new LogBudget(512 * KIB);
  const { log } = makeLog({ budget });
  const { log: own } = makeLog({ budget, private: true });
  t.equal(budget.shareBytes, budget.maxBytes);
  fill(log, 300);
  fill(own, 400);
  t.equal(log.floorSeq, 1, "it grows at nobody's cost");
  t.ok(own.floorSeq > 1);
  t.notOk(budget.exceeded);
  const floor = own.floorSeq;
  fill(log, 60);
  t.equal(log.floorSeq, 1);
  t.ok(own.floorSeq > floor);
  own.close();
  t.equal(budget.shareBytes, budget.maxBytes);
});

t.test(
  'whatever the budget a log keeps its newest segment, and while it fills that the one before',
  async (t) => {
    const budget = new LogBudget(1);
    const { log } = makeLog({ budget });
    for (const size of [100, 4000, 5000, 100 * KIB]) {
      append(log, [content(0, size).toString()]);
      t.equal(log.frameOf(log.tipSeq - 1)?.length, size);
      t.ok(log.segments <= 2, 'cursors at the tip are about to read the one just filled');
    }
    const { log: other } = makeLog({ budget });
    append(other, ['x']);
    t.equal(log.segments, 1, 'the next segment of anybody takes it');
    t.equal(budget.exceeded, true);
  },
);

t.test('a slab that is trimmed but pinned stays counted until its last unpin', async (t) => {
  const budget = new LogBudget(24 * KIB);
  const { log } = makeLog({ budget });
  fill(log, 4);
  const cursor = new Cursor(log, log.floor);
  const slice = cursor.read(64 * KIB)!;
  const again = log.slice(slice.from, 64 * KIB)!;
  again.pin();
  fill(log, 9);
  t.equal(log.floorSeq, 5, 'history let go of the first segment');
  t.equal(log.pinnedBytes, 4 * KIB);
  t.equal(log.pinned[0]?.base, slice.from);
  t.equal(budget.usedBytes, log.heldBytes);
  t.equal(budget.exceeded, true, 'which tells the owner to look for who pins it');
  slice.unpin();
  t.equal(log.pinnedBytes, 4 * KIB, 'one of two pins is gone');
  again.unpin();
  t.equal(log.pinnedBytes, 0);
  t.same(log.pinned, []);
  t.equal(budget.usedBytes, log.heldBytes);
  t.equal(budget.exceeded, false);
});

t.test('a closed log leaves the budget, its pinned slabs when they are unpinned', async (t) => {
  const budget = new LogBudget(1000 * KIB);
  const { log } = makeLog({ budget });
  fill(log, 10);
  const slice = new Cursor(log, log.floor).read(KIB)!;
  log.close();
  t.equal(budget.usedBytes, log.pinnedBytes);
  t.not(budget.usedBytes, 0);
  slice.unpin();
  t.equal(budget.usedBytes, 0);
});

t.test('under pressure over several logs every reader gets contiguous history or is told', async () => {
  const opArb = fc.record({
    log: fc.nat(3),
    sizes: fc.array(fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 90_000 })), {
      maxLength: 8,
    }),
    read: fc.nat(3),
    pin: fc.boolean(),
    unpin: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(opArb, { maxLength: 80, size: 'max' }), fc.nat(300), (ops, budgetKib) => {
      const budget = new LogBudget(budgetKib * KIB);
      const pool = new SlabPool({ poison: true });
      const logs = Array.from({ length: 4 }, () => makeLog({ budget, pool, retainBytes: 200_000 }).log);
      const cursors = logs.map((log) => new Cursor(log, log.floor));
      const held: { slice: Slice; copy: Buffer }[] = [];
      const check = (holds: boolean, what: string) => {
        if (!holds) throw new Error(what);
      };
      for (const op of ops) {
        const log = logs[op.log]!;
        append(
          log,
          op.sizes.map((size, n) => ({ bytes: content(log.tipSeq + n, size) })),
        );
        const used = logs.reduce((sum, one) => sum + one.heldBytes, 0);
        check(budget.usedBytes === used && pool.stats.inUseBytes === used, 'every held slab is counted');
        const shedding = logs.filter((one) => one.segments > 1 && one.heldBytes > budget.shareBytes);
        check(
          !budget.exceeded || (shedding.length <= 1 && shedding.every((one) => one.segments === 2)),
          'over budget there is nothing to shed above a share but what was just filled',
        );

        const cursor = cursors[op.read]!;
        const { seq, state } = cursor;
        const slice = cursor.read(20_000);
        check((slice !== undefined) === (state === 'behind'), 'a slice if and only if there is more');
        if (state === 'trimmed') cursor.moveTo(cursor.log.floor);
        if (slice) {
          check(slice.seq === seq, 'contiguous');
          let at = 0;
          for (let one = seq; one < seq + slice.events; one++) {
            const frame = cursor.log.frameOf(one)!;
            check(frame.equals(slice.bytes.subarray(at, at + frame.length)), 'the bytes of the events');
            check(frame.equals(content(one, frame.length)), 'which are those appended');
            at += frame.length;
          }
          if (op.pin) held.push({ slice, copy: Buffer.from(slice.bytes) });
          else slice.unpin();
        }
        for (const { slice, copy } of held) check(copy.equals(slice.bytes), 'pinned bytes never change');
        if (op.unpin) held.shift()?.slice.unpin();
      }
      for (const log of logs) log.close();
      for (const { slice } of held) slice.unpin();
      check(budget.usedBytes === 0 && pool.stats.inUseBytes === 0, 'everything is given back');
    }),
    { numRuns: Number(process.env.SSE_GATEWAY_RUNS ?? 200) },
  );
});
