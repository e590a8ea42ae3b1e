/**
 * The parser against eventsource-parser, the one that most Node clients use, on the same streams and chunks. Both count
 * events and add up the length of their data, so that neither can skip the work. Rounds are interleaved, so that a busy
 * machine slows both; figures are medians, the ratio that of the ratios of each round. Streams are a few MiB, fed
 * several times per round: what a socket has just delivered is in the processor's cache, and a larger array would
 * measure the machine's memory instead.
 *
 *     node build/load/bench/parser.js [rounds]
 */
import type { Buffer } from 'node:buffer';
import { createParser } from 'eventsource-parser';
import { Parser } from '../../src/sse/parser.js';
import * as generate from '../../test/fixtures/sse/generators.js';

interface Case {
  readonly name: string;
  readonly stream: generate.Generated;
  readonly chunkBytes: number;
  /** The ratio the README claims. */
  readonly atLeast?: number;
}

const KIB = 1_024;
/** How often a round feeds its stream. */
const PASSES = 6;
const CASES: readonly Case[] = [
  { name: 'tokens, 64 KiB chunks', stream: generate.tokens(16_000), chunkBytes: 64 * KIB, atLeast: 6 },
  { name: 'tokens, 1,400-byte chunks', stream: generate.tokens(16_000), chunkBytes: 1_400 },
  {
    name: 'ticks of 58 bytes, 64 KiB chunks',
    stream: generate.ticks(64_000),
    chunkBytes: 64 * KIB,
    atLeast: 1.3,
  },
  { name: 'ticks of 58 bytes, one per chunk', stream: generate.ticks(64_000), chunkBytes: 58 },
  { name: '1.2 KiB events, 64 KiB chunks', stream: generate.documents(3_000), chunkBytes: 64 * KIB },
  { name: '1 MiB events, 64 KiB chunks', stream: generate.large(4), chunkBytes: 64 * KIB, atLeast: 4 },
  { name: '1 MiB events, 1,400-byte chunks', stream: generate.large(4), chunkBytes: 1_400 },
  {
    name: '10,000-line events, 64 KiB chunks',
    stream: generate.manyLines(12),
    chunkBytes: 64 * KIB,
    atLeast: 1.5,
  },
  { name: 'tokens, 1-byte chunks', stream: generate.tokens(1_000), chunkBytes: 1 },
];

interface Outcome {
  readonly ms: number;
  readonly events: number;
  readonly dataLength: number;
}

function ours(parts: readonly Buffer[]): Outcome {
  let events = 0;
  let dataLength = 0;
  const parser = new Parser(
    (_bytes, records) => {
      events += records.count;
      for (let i = 0; i < records.count; i++) {
        const first = records.firstLine(i);
        const behind = first + records.lineCount(i);
        for (let k = first; k < behind; k++) dataLength += records.lineEnd(k) - records.lineStart(k);
      }
    },
    { maxEventBytes: KIB * KIB },
  );
  const begin = performance.now();
  for (let pass = 0; pass < PASSES; pass++) for (const part of parts) parser.feed(part);
  return { ms: performance.now() - begin, events, dataLength };
}

function theirs(parts: readonly Buffer[]): Outcome {
  let events = 0;
  let dataLength = 0;
  const parser = createParser({
    onEvent(event) {
      events++;
      dataLength += event.data.length;
    },
  });
  const decoder = new TextDecoder();
  const begin = performance.now();
  for (let pass = 0; pass < PASSES; pass++) {
    for (const part of parts) parser.feed(decoder.decode(part, { stream: true }));
  }
  return { ms: performance.now() - begin, events, dataLength };
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

const rounds = Number(process.argv[2] ?? 5);
const MB = 1e6;
console.log(`node ${process.version}, medians of ${rounds}`);
for (const { name, stream, chunkBytes, atLeast } of CASES) {
  const parts = [...generate.chunks(stream.bytes, chunkBytes)];
  const mine: number[] = [];
  const other: number[] = [];
  const ratios: number[] = [];
  const events = stream.events * PASSES;
  for (let round = -1; round < rounds; round++) {
    const a = ours(parts);
    const b = theirs(parts);
    if (a.events !== events || b.events !== events) throw new Error(`${name}: events are missing`);
    if (a.dataLength === 0 || b.dataLength === 0) throw new Error(`${name}: no data`);
    // The first round only warms the machine up.
    if (round < 0) continue;
    mine.push(a.ms);
    other.push(b.ms);
    ratios.push(b.ms / a.ms);
  }
  const ratio = median(ratios);
  const rate = (ms: number) =>
    `${((PASSES * stream.bytes.length) / MB / (ms / 1_000)).toFixed(0)} MB/s`.padStart(10);
  const claim = atLeast === undefined ? '' : ratio >= atLeast ? `  (>= ${atLeast})` : `  BELOW ${atLeast}`;
  console.log(
    `${name.padEnd(36)}${rate(median(mine))}${rate(median(other))}   ratio ${ratio.toFixed(2)}${claim}`,
  );
}
