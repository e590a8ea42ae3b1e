/**
 * The streams that are measured, in chunks, and the bars for the ratio to eventsource-parser on them. Newer Node versions
 * have a faster TextDecoder and faster strings, so that the bars differ. Streams are a few MiB: what a socket has just
 * delivered is in the processor's cache, and a larger array would measure the machine's memory instead.
 */
import type { Buffer } from 'node:buffer';
import * as generate from '../../test/fixtures/sse/generators.js';
import type { Bar } from './row.js';

export const KIB = 1_024;
const MAJOR = Number(process.versions.node.split('.')[0]);

export interface Case {
  readonly name: string;
  readonly stream: generate.Generated;
  readonly parts: readonly Buffer[];
  /** Ratio to eventsource-parser fed by a TextDecoder, and fed Latin-1. */
  readonly bar?: Bar | undefined;
  readonly latin1?: Bar | undefined;
  /** Name of a contender that would take minutes: it searches the whole of an event again for every chunk. */
  readonly without?: string | undefined;
}

const atLeast = (must: number, aim: number): Bar => ({ must, aim, better: 'higher' });
const byNode = (on20: Bar, on24: Bar, later: Bar | undefined): Bar | undefined => {
  if (MAJOR < 22) return on20;
  return MAJOR < 26 ? on24 : later;
};

const TOKENS = generate.tokens(16_000);
const TICKS = generate.ticks(64_000);
const LARGE = generate.large(4);

const of = (
  name: string,
  stream: generate.Generated,
  chunkBytes: number,
  bars: Partial<Case> = {},
): Case => ({
  name,
  stream,
  parts: [...generate.chunks(stream.bytes, chunkBytes)],
  ...bars,
});

/** Two cases that are compared with each other too. */
export const LARGE_IN_64K = 'events of 1 MiB, chunks of 64 KiB';
export const LARGE_IN_1400 = 'events of 1 MiB, chunks of 1,400 B';

export const CASES: readonly Case[] = [
  of('tokens, chunks of 64 KiB', TOKENS, 64 * KIB, {
    bar: byNode(atLeast(6, 12), atLeast(4, 8), atLeast(1.5, 3)),
    latin1: atLeast(1.3, 2),
  }),
  of('tokens, chunks of 1,400 B', TOKENS, 1_400),
  of('ticks of 58 B, chunks of 64 KiB', TICKS, 64 * KIB, { bar: atLeast(1.3, 2) }),
  of('ticks of 58 B, one per chunk', TICKS, 58),
  of('events of 1.2 KiB, chunks of 64 KiB', generate.documents(3_000), 64 * KIB),
  of(LARGE_IN_64K, LARGE, 64 * KIB, { bar: atLeast(4, 6) }),
  of(LARGE_IN_1400, LARGE, 1_400, { without: 'naive' }),
  of('events of 10,000 lines, chunks of 64 KiB', generate.manyLines(12), 64 * KIB, {
    bar: byNode(atLeast(1.5, 2.5), atLeast(0.8, 1.5), undefined),
  }),
  of('tokens, chunks of 1 B', generate.tokens(1_000), 1),
];
