/**
 * What the log costs: append and read per event, with and without the pool, and heap per retained event and per log.
 * Figures of one process on one core; compare them with each other only.
 */
import { Batch } from '../../src/log/batch.js';
import { Cursor } from '../../src/log/cursor.js';
import { EventLog } from '../../src/log/event-log.js';
import { SlabPool } from '../../src/log/pool.js';
import { type Row, row } from './row.js';
import { summary } from './stats.js';

const EVENT_BYTES = 200;
const TURNS = 40_000;
const FOREVER = { retainBytes: Number.POSITIVE_INFINITY, retainAgeMs: Number.POSITIVE_INFINITY };
const SHAPES = [
  [1, 1],
  [1, 1_000],
  [50, 1],
  [50, 1_000],
] as const;

/** Fills a batch with events that carry distinct ids. */
function fill(batch: Batch, events: number, firstId: number): void {
  for (let n = 0; n < events; n++) {
    const at = batch.reserve(EVENT_BYTES);
    const idLength = batch.buffer.write(String(firstId + n), at + 3, 'latin1');
    batch.push(EVENT_BYTES, 3, idLength, 0);
  }
}

/** Nanoseconds of `turns` batches, each read by `readers` cursors; the cost of filling is left out. */
function measure(pool: SlabPool, eventsPerBatch: number, readers: number, turns: number) {
  const log = new EventLog({
    pool,
    ...FOREVER,
    retainBytes: 8 * 1024 * 1024,
    retainEvents: 10_000,
    epoch: 1,
  });
  const batch = new Batch(pool);
  const cursors = Array.from({ length: readers }, () => new Cursor(log, log.tip));
  let appending = 0n;
  let reading = 0n;
  for (let turn = 0; turn < turns; turn++) {
    batch.reset();
    fill(batch, eventsPerBatch, turn * eventsPerBatch);
    const start = process.hrtime.bigint();
    log.append(batch, turn);
    const appended = process.hrtime.bigint();
    for (const cursor of cursors) {
      for (let slice = cursor.read(65_536); slice; slice = cursor.read(65_536)) slice.unpin();
    }
    reading += process.hrtime.bigint() - appended;
    appending += appended - start;
  }
  log.close();
  return { append: Number(appending) / turns / eventsPerBatch, read: Number(reading) / turns / readers };
}

export function logTimeRows(rounds: number, emit: (row: Row) => void): void {
  for (const [eventsPerBatch, readers] of SHAPES) {
    const turns = Math.ceil(TURNS / Math.sqrt(eventsPerBatch * readers));
    const pools = [true, false].map((enabled) => ({ enabled, pool: new SlabPool({ enabled }) }));
    const runs = pools.map(() => [] as { append: number; read: number }[]);
    for (let round = -1; round < rounds; round++) {
      for (const [k, { pool }] of pools.entries()) {
        const run = measure(pool, eventsPerBatch, readers, turns);
        // The first round only warms the code up.
        if (round >= 0) runs[k]!.push(run);
      }
    }
    for (const [k, { enabled, pool }] of pools.entries()) {
      const name = `${eventsPerBatch} per batch, ${readers} cursors, pool ${enabled ? 'on' : 'off'}`;
      const { hits, misses } = pool.stats;
      const note = `pool hits ${((100 * hits) / (hits + misses)).toFixed(1)} %`;
      const figures = (key: 'append' | 'read') => summary(runs[k]!.map((run) => run[key]));
      emit(row('log', `append: ${name}`, 'ns/event', figures('append'), { note }));
      emit(row('log', `read: ${name}`, 'ns/read', figures('read')));
    }
  }
}

/** Bytes of heap and of array buffers, after a collection. */
function memory(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

export function logSpaceRows(_rounds: number, emit: (row: Row) => void): void {
  if (!globalThis.gc) throw new Error('heap figures need --expose-gc');
  const once = (name: string, unit: string, value: number) =>
    emit(row('log, memory', name, unit, { median: value, low: value, high: value }));
  const pool = new SlabPool();
  const empty = memory();
  const logs = Array.from(
    { length: 10_000 },
    () => new EventLog({ pool, ...FOREVER, retainEvents: 10_000, epoch: 1 }),
  );
  once('an empty log', 'B', (memory() - empty) / logs.length);

  const log = logs[0]!;
  const before = memory();
  const batch = new Batch(pool);
  for (let turn = 0; turn < 600; turn++) {
    fill(batch, 50, turn * 50);
    log.append(batch, turn);
    batch.reset();
  }
  const { retainedBytes } = pool.stats;
  const beyond = memory() - before - log.heldBytes - retainedBytes;
  once('a retained event beyond its bytes: record and id index', 'B', beyond / (log.tipSeq - log.floorSeq));
  once('slab bytes per event byte', 'x', log.heldBytes / log.bytes);
}
