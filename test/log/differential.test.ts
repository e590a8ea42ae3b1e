/**
 * The log against the model, under random appends, reads with pins held, trims, truncates and look-ups.
 * SSE_GATEWAY_RUNS raises the number of runs.
 */
import fc from 'fast-check';
import t from 'tap';
import { Batch } from '../../src/log/batch.js';
import { Cursor } from '../../src/log/cursor.js';
import { SlabPool } from '../../src/log/pool.js';
import type { Slice } from '../../src/log/slice.js';
import { batchOf, content, KIB, makeLog } from './fixture.js';
import { ModelCursor, ModelLog, type ModelRetention } from './model.js';

const RUNS = Number(process.env.SSE_GATEWAY_RUNS ?? 1000);

const eventArb = fc.record({
  size: fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 1, max: 300 }) },
    { weight: 4, arbitrary: fc.integer({ min: 300, max: 9000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 9000, max: 100 * KIB }) },
    { weight: 1, arbitrary: fc.constantFrom(4 * KIB, 64 * KIB, 64 * KIB + 1) },
  ),
  id: fc.option(fc.constantFrom('a', 'b', 'c', 'dd', 'é', 'long-identifier', '0', '1', '2', '3', '4', '5')),
  idOffset: fc.nat(20),
  tag: fc.oneof(
    { weight: 5, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 0xffff }) },
  ),
});

const opArb = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('append' as const),
      events: fc.array(eventArb, { maxLength: 30 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constant('read' as const),
      cursor: fc.nat(),
      maxBytes: fc.constantFrom(1, 100, 1000, 5000, 16 * KIB, 64 * KIB),
      pin: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('unpin' as const), which: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('move' as const),
      cursor: fc.nat(),
      to: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('join' as const),
      to: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('tick' as const), ms: fc.nat(400) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('truncate' as const), back: fc.nat(40) }) },
);
type Op = typeof opArb extends fc.Arbitrary<infer T> ? T : never;

const retentionArb: fc.Arbitrary<ModelRetention> = fc.record({
  retainBytes: fc.constantFrom(1, 3000, 50_000, 300_000, Number.POSITIVE_INFINITY),
  retainEvents: fc.constantFrom(1, 7, 60, Number.POSITIVE_INFINITY),
  retainAgeMs: fc.constantFrom(0, 500, 3000, Number.POSITIVE_INFINITY),
});

/** Runs the operations on both, throws at the first difference, and returns everything that could be seen. */
function run(ops: readonly Op[], retention: ModelRetention, pool: SlabPool): string[] {
  const { log } = makeLog({ ...retention, pool });
  const model = new ModelLog(retention);
  const cursors: Cursor[] = [];
  const held: { slice: Slice; copy: Buffer }[] = [];
  const batch = new Batch(pool);
  const seen: string[] = [];
  let now = 0;
  let n = 0;

  const seqIn = (part: number) => log.floorSeq + Math.floor(part * (log.tipSeq - log.floorSeq));
  const join = (seq: number) => {
    cursors.push(new Cursor(log, log.positionOf(seq)));
    model.cursors.push(new ModelCursor(seq));
  };
  join(1);

  for (const step of ops) {
    switch (step.op) {
      case 'append': {
        const events = step.events.map(({ size, id, idOffset, tag }) => {
          const fits = id !== null && idOffset + Buffer.byteLength(id) <= size;
          const bytes = content(n++, size);
          if (fits) bytes.write(id, idOffset);
          return { bytes, id: fits ? id : undefined, idOffset, tag };
        });
        log.append(batchOf(events, batch), now);
        batch.reset();
        model.append(events, now);
        break;
      }
      case 'read': {
        const index = step.cursor % cursors.length;
        const cursor = cursors[index]!;
        const twin = model.cursors[index]!;
        const before = cursor.seq;
        const slice = cursor.read(step.maxBytes);
        if (twin.state === 'truncated') {
          equal(slice, undefined, 'a truncated cursor reads nothing');
          equal(cursor.state, 'truncated', 'and is told');
          twin.state = 'live';
          twin.seq = twin.truncatedTo;
          equal(cursor.seq, twin.seq, 'and stands at the truncation');
          // The model's cursor has no memory of having been told.
          cursor.moveTo(cursor.position);
        } else if (twin.state === 'trimmed') {
          equal(slice, undefined, 'a trimmed cursor reads nothing');
          equal(cursor.state, 'trimmed', 'and stays trimmed');
          equal(cursor.seq, before, 'and stays where it was');
        } else if (twin.seq === model.tipSeq) {
          equal(slice, undefined, 'nothing at the tip');
        } else {
          if (!slice) throw new Error('nothing read below the tip');
          equal(slice.seq, twin.seq, 'a slice begins at the cursor');
          const events = model.events.filter((e) => e.seq >= slice.seq && e.seq < slice.seq + slice.events);
          equal(events.length, slice.events, 'all events of a slice are committed');
          const copy = Buffer.concat(events.map((e) => e.bytes));
          if (!copy.equals(slice.bytes)) throw new Error('a slice differs from the events in it');
          if (slice.bytes.length > step.maxBytes)
            equal(slice.events, 1, 'only a single event exceeds maxBytes');
          equal(slice.to - slice.from, slice.bytes.length, 'slice edges');
          if (events.slice(1).some(({ tag }) => tag !== 0)) throw new Error('a tag within a slice');
          twin.seq += slice.events;
          seen.push(`read ${slice.from} ${slice.bytes.toString('latin1')}`);
          if (step.pin) held.push({ slice, copy });
          else slice.unpin();
        }
        break;
      }
      case 'unpin': {
        const [one] = held.splice(step.which % Math.max(held.length, 1), 1);
        one?.slice.unpin();
        break;
      }
      case 'move': {
        const index = step.cursor % cursors.length;
        const twin = model.cursors[index]!;
        twin.seq = seqIn(step.to);
        twin.state = 'live';
        cursors[index]!.moveTo(log.positionOf(twin.seq));
        break;
      }
      case 'join':
        if (cursors.length < 12) join(seqIn(step.to));
        break;
      case 'tick':
        now += step.ms;
        log.trim(now);
        model.trim(now);
        break;
      case 'truncate': {
        const seq = Math.max(log.tipSeq - step.back, 1);
        log.truncate(seq);
        model.truncate(seq);
        break;
      }
    }

    equal(log.floorSeq, model.floorSeq, 'floorSeq');
    equal(log.tipSeq, model.tipSeq, 'tipSeq');
    equal(log.bytes, model.bytes, 'bytes');
    equal(log.newestWithId, model.lastWithId(), 'newestWithId');
    const tagged = model.events.findLast(({ tag }) => tag !== 0)?.seq ?? log.newestTaggedTrimmed;
    equal(log.newestTagged, tagged, 'newestTagged');
    equal(log.heldBytes, pool.stats.inUseBytes, 'what the log holds is what the pool lent');
    equal(
      log.pinnedBytes,
      log.pinned.reduce((sum, { slabBytes }) => sum + slabBytes, 0),
      'pinned bytes are of segments',
    );
    for (const id of ['a', 'b', 'é', 'long-identifier', '3', 'none']) {
      equal(log.indexOf(Buffer.from(id)), model.find(id), `indexOf ${id}`);
    }
    for (const event of [model.events[0], model.events[model.events.length >> 1], model.events.at(-1)]) {
      if (!event) continue;
      if (!log.frameOf(event.seq)!.equals(event.bytes)) throw new Error('frameOf');
      equal(log.tagOf(event.seq), event.tag, 'tagOf');
      const id = log.idOf(event.seq);
      equal(id && Buffer.from(id).toString(), event.id, 'idOf');
      equal(log.seqAt(log.positionOf(event.seq)), event.seq, 'seqAt is the inverse of positionOf');
    }
    equal(log.positionOf(model.floorSeq - 1), -1, 'below the floor there is no position');
    equal(log.positionOf(model.tipSeq), log.tip, 'the tip has a position');
    cursors.forEach((cursor, index) => {
      const twin = model.cursors[index]!;
      const live = twin.seq === model.tipSeq ? 'tip' : 'behind';
      equal(cursor.state, twin.state === 'live' ? live : twin.state, `state of cursor ${index}`);
      seen.push(`${cursor.state} ${cursor.position} ${cursor.lag} ${cursor.pending}`);
      if (twin.state !== 'live') return;
      const ahead = model.events.filter((event) => event.seq >= twin.seq);
      equal(cursor.seq, twin.seq, 'seq');
      equal(cursor.pending, ahead.length, 'pending');
      equal(
        cursor.lag,
        ahead.reduce((sum, event) => sum + event.bytes.length, 0),
        'lag',
      );
    });
    for (const { slice, copy } of held) {
      if (!copy.equals(slice.bytes)) throw new Error('pinned bytes changed');
    }
  }

  log.close();
  equal(log.heldBytes, log.pinnedBytes, 'a closed log holds only what is pinned');
  for (const { slice, copy } of held) {
    if (!copy.equals(slice.bytes)) throw new Error('pinned bytes changed by close');
    slice.unpin();
  }
  equal(log.heldBytes, 0, 'after the last unpin a closed log holds nothing');
  equal(pool.stats.inUseBytes, 0, 'and the pool has everything back');
  return seen;
}

function equal(actual: unknown, expected: unknown, what: string): void {
  if (!Object.is(actual, expected)) throw new Error(`${what}: ${actual}, expected ${expected}`);
}

const opsArb = fc.array(opArb, { minLength: 1, maxLength: 120, size: 'max' });

t.test('the log does what an array of events does, and pinned bytes never change', async () => {
  fc.assert(
    fc.property(opsArb, retentionArb, (ops, retention) => {
      run(ops, retention, new SlabPool({ poison: true }));
    }),
    { numRuns: RUNS },
  );
});

t.test('with and without a pool, output is identical', async () => {
  fc.assert(
    fc.property(opsArb, retentionArb, (ops, retention) => {
      const pooled = run(ops, retention, new SlabPool());
      const fresh = run(ops, retention, new SlabPool({ enabled: false, poison: true }));
      equal(fresh.length, pooled.length, 'lines');
      for (const [index, line] of fresh.entries()) equal(line, pooled[index], `line ${index}`);
    }),
    { numRuns: Math.ceil(RUNS / 3) },
  );
});
