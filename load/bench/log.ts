/**
 * What the log costs: append and read per event, with and without the pool, and heap per retained event and per log.
 * Run the compiled file with `node --expose-gc`. Figures of one process on one core; compare them with each other only.
 */
import { Batch } from '../../src/log/batch.js';
import { Cursor } from '../../src/log/cursor.js';
import { EventLog } from '../../src/log/event-log.js';
import { SlabPool } from '../../src/log/pool.js';

const EVENT_BYTES = 200;
const TURNS = 40_000;
const RUNS = 5;
const FOREVER = { retainBytes: Number.POSITIVE_INFINITY, retainAgeMs: Number.POSITIVE_INFINITY };

/** Fills a batch with events that carry distinct ids. */
function fill(batch: Batch, events: number, firstId: number): void {
  for (let n = 0; n < events; n++) {
    const at = batch.reserve(EVENT_BYTES);
    const idLength = batch.buffer.write(String(firstId + n), at + 3, 'latin1');
    batch.push(EVENT_BYTES, 3, idLength, 0);
  }
}

/** Nanoseconds per event of `turns` batches, each read by `readers` cursors; the cost of filling is left out. */
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
  const events = turns * eventsPerBatch;
  return { append: Number(appending) / events, read: Number(reading) / (turns * Math.max(readers, 1)) };
}

function time(): void {
  for (const [eventsPerBatch, readers] of [
    [1, 1],
    [1, 1000],
    [50, 1],
    [50, 1000],
  ] as const) {
    for (const enabled of [true, false]) {
      const pool = new SlabPool({ enabled });
      const turns = Math.ceil(TURNS / Math.sqrt(eventsPerBatch * readers));
      // The best of several: the first warms the code up, and a noisy neighbour only ever adds.
      const runs = Array.from({ length: RUNS }, () => measure(pool, eventsPerBatch, readers, turns));
      const append = Math.min(...runs.map((run) => run.append));
      const read = Math.min(...runs.map((run) => run.read));
      const { hits, misses } = pool.stats;
      console.log(
        `${eventsPerBatch} events/batch, ${readers} cursors, pool ${enabled ? 'on ' : 'off'}:`,
        `append ${append.toFixed(0)} ns/event, read ${read.toFixed(0)} ns/cursor and batch,`,
        `pool hits ${((100 * hits) / (hits + misses)).toFixed(1)} %`,
      );
    }
  }
}

/** Bytes of heap and of array buffers, after a collection. */
function memory(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function space(): void {
  if (!globalThis.gc) throw new Error('heap figures need --expose-gc');
  const pool = new SlabPool();
  const empty = memory();
  const logs = Array.from(
    { length: 10_000 },
    () => new EventLog({ pool, ...FOREVER, retainEvents: 10_000, epoch: 1 }),
  );
  console.log(`an empty log: ${((memory() - empty) / logs.length).toFixed(0)} bytes`);

  const log = logs[0]!;
  const before = memory();
  const batch = new Batch(pool);
  for (let turn = 0; turn < 600; turn++) {
    fill(batch, 50, turn * 50);
    log.append(batch, turn);
    batch.reset();
  }
  const { retainedBytes } = pool.stats;
  const perEvent = (memory() - before - log.heldBytes - retainedBytes) / (log.tipSeq - log.floorSeq);
  console.log(`a retained event beyond its bytes: ${perEvent.toFixed(1)} bytes (record and id index)`);
  console.log(`slab bytes per event byte: ${(log.heldBytes / log.bytes).toFixed(3)}`);
}

time();
space();
