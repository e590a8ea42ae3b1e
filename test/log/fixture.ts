/** Logs and batches for the tests of this folder. Pools poison what is released unless a test says otherwise. */
import { Batch } from '../../src/log/batch.js';
import { EventLog, type EventLogOptions } from '../../src/log/event-log.js';
import { SlabPool } from '../../src/log/pool.js';

export interface EventSpec {
  readonly bytes: Buffer;
  readonly id?: string | undefined;
  readonly idOffset?: number;
  readonly tag?: number;
}

export const KIB = 1024;

/** A log whose retention never ends, unless told otherwise, and the pool it lives on. */
export function makeLog(options: Partial<EventLogOptions> = {}): { log: EventLog; pool: SlabPool } {
  const pool = options.pool ?? new SlabPool({ poison: true });
  const unlimited = {
    retainBytes: Number.POSITIVE_INFINITY,
    retainEvents: Number.POSITIVE_INFINITY,
    retainAgeMs: Number.POSITIVE_INFINITY,
  };
  return { log: new EventLog({ epoch: 1, ...unlimited, ...options, pool }), pool };
}

/** A batch of these events, filled the way the ingest does it. */
export function batchOf(events: readonly (EventSpec | string)[], batch = new Batch()): Batch {
  for (const spec of events) {
    const {
      bytes,
      id,
      idOffset = 0,
      tag = 0,
    } = typeof spec === 'string' ? { bytes: Buffer.from(spec) } : spec;
    const offset = batch.reserve(bytes.length);
    bytes.copy(batch.buffer, offset);
    const idBytes = Buffer.from(id ?? '');
    idBytes.copy(batch.buffer, offset + idOffset);
    batch.push(bytes.length, idOffset, id === undefined ? -1 : idBytes.length, tag);
  }
  return batch;
}

/** Appends one batch. */
export function append(log: EventLog, events: readonly (EventSpec | string)[], now = 0): void {
  log.append(batchOf(events), now);
}

/** An event of so many bytes that carries this id at its beginning. */
export function withId(id: string, size = id.length + 1): EventSpec {
  return { bytes: Buffer.alloc(size, '.'), id };
}

/** Distinct content for the n-th event. */
export function content(n: number, size: number): Buffer {
  return Buffer.alloc(size, `<${n}>`);
}
