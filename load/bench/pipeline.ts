/**
 * The whole way of an upstream's bytes into the log, which is what a gateway pays per event, and the same done with
 * strings: parse, spell the event again, encode it. Both end with framed bytes in memory.
 */
import { Buffer } from 'node:buffer';
import { createParser } from 'eventsource-parser';
import { systemClock } from '../../src/clock.js';
import { memoryEngine } from '../../src/engine/memory.js';
import type { IdMode } from '../../src/gap-ids.js';
import { Ingest } from '../../src/ingest.js';
import { EventLog } from '../../src/log/event-log.js';
import { SlabPool } from '../../src/log/pool.js';
import { ChannelMetrics } from '../../src/metrics/channel-metrics.js';
import { KIB } from './cases.js';

const RETAIN_EVENTS = 10_000;

export interface Pipeline {
  /** Events that arrived. */
  events: number;
  feed(chunk: Buffer): void;
}

/** A channel's way in, with the defaults of the options. */
export function ingestPipeline(ids: IdMode): Pipeline {
  const pool = new SlabPool();
  const log = new EventLog({
    pool,
    epoch: 1_760_000_000_000,
    retainBytes: 8 * KIB * KIB,
    retainEvents: RETAIN_EVENTS,
    retainAgeMs: 300_000,
  });
  const pipeline: Pipeline = {
    events: 0,
    feed: (chunk) => {
      ingest.write(chunk);
    },
  };
  const ingest = new Ingest({
    ...{ log, pool, ids, replay: 'unknown', onGap: 'signal', maxEventBytes: KIB * KIB },
    metrics: new ChannelMetrics(),
    gap: () => undefined,
    engine: memoryEngine(log, systemClock),
    rememberEvents: RETAIN_EVENTS + 1_024,
    committed: (events) => {
      pipeline.events += events;
    },
  });
  ingest.begin(false);
  return pipeline;
}

/** What is written instead: a ring of the newest frames stands for the log. */
export function stringPipeline(): Pipeline {
  const kept: Buffer[] = Array.from({ length: RETAIN_EVENTS }, () => Buffer.alloc(0));
  const decoder = new TextDecoder();
  const pipeline: Pipeline = {
    events: 0,
    feed: (chunk) => parser.feed(decoder.decode(chunk, { stream: true })),
  };
  const parser = createParser({
    onEvent({ id, event, data }) {
      const head = `${id === undefined ? '' : `id: ${id}\n`}${event === undefined ? '' : `event: ${event}\n`}`;
      kept[pipeline.events % RETAIN_EVENTS] = Buffer.from(
        `${head}data: ${data.replaceAll('\n', '\ndata: ')}\n\n`,
      );
      pipeline.events += 1;
    },
  });
  return pipeline;
}
