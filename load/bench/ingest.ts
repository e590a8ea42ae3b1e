/** Upstream bytes in, events in the log out: ns per event, and how many times the way over strings costs that. */
import type { IdMode } from '../../src/gap-ids.js';
import * as generate from '../../test/fixtures/sse/generators.js';
import { KIB } from './cases.js';
import { ingestPipeline, type Pipeline, stringPipeline } from './pipeline.js';
import { race } from './rounds.js';
import { type Row, row } from './row.js';
import { summary } from './stats.js';

const SECTION = 'bytes to log';

const STREAMS: readonly {
  readonly name: string;
  readonly stream: generate.Generated;
  readonly ids: IdMode[];
}[] = [
  { name: 'tokens', stream: generate.tokens(16_000), ids: ['auto', 'upstream'] },
  { name: 'ticks', stream: generate.ticks(32_000), ids: ['auto', 'gateway'] },
  { name: 'events of 1.2 KiB', stream: generate.documents(3_000), ids: ['auto'] },
];

/** One event per chunk, as a calm upstream sends, or as many as a socket read holds. */
const CHUNKINGS = ['one per chunk', 'chunks of 64 KiB'] as const;

function partsOf({ bytes }: generate.Generated, chunking: (typeof CHUNKINGS)[number]): Buffer[] {
  if (chunking === 'chunks of 64 KiB') return [...generate.chunks(bytes, 64 * KIB)];
  const parts: Buffer[] = [];
  for (let from = 0; from < bytes.length; ) {
    const to = bytes.indexOf('\n\n', from) + 2;
    parts.push(bytes.subarray(from, to));
    from = to;
  }
  return parts;
}

export function ingestRows(rounds: number, emit: (row: Row) => void): void {
  for (const { name, stream, ids } of STREAMS) {
    for (const chunking of CHUNKINGS) {
      const parts = partsOf(stream, chunking);
      const racer = (called: string, pipeline: Pipeline) => ({
        name: called,
        pass() {
          pipeline.events = 0;
          for (const part of parts) pipeline.feed(part);
          if (pipeline.events !== stream.events)
            throw new Error(`${name}: ${pipeline.events} events in the log`);
        },
      });
      const times = race(
        [racer('strings', stringPipeline()), ...ids.map((mode) => racer(mode, ingestPipeline(mode)))],
        rounds,
      );
      const strings = times.get('strings')!;
      for (const mode of ids) {
        const own = times.get(mode)!;
        const perEvent = summary(own.map((ns) => ns / stream.events));
        const ratio = summary(own.map((ns, round) => strings[round]! / ns)).median;
        const note = `${ratio.toFixed(2)} x as fast as over strings`;
        emit(row(SECTION, `${name}, ids: ${mode}, ${chunking}`, 'ns/event', perEvent, { note }));
      }
    }
  }
}
