/**
 * Everything that can take a stream of events apart here, each fed as its users feed it. All count events and add up the
 * length of their data, so that none can skip the work, and say what they count it in.
 */
import type { Buffer } from 'node:buffer';
import { createRequire } from 'node:module';
import { createParser, type EventSourceParser } from 'eventsource-parser';
import { Parser } from '../../src/sse/parser.js';

/** What came out of a stream. */
export class Tally {
  events = 0;
  length = 0;

  add(length: number): void {
    this.events += 1;
    this.length += length;
  }
}

export interface Contender {
  readonly name: string;
  /** What the length of data is counted in: UTF-8 or UTF-16 units. */
  readonly counts: 'bytes' | 'characters';
  /** A fresh parser; each call of the result is one chunk. */
  start(tally: Tally): (chunk: Buffer) => void;
}

const MAX_EVENT_BYTES = 1_048_576;

export const ours: Contender = {
  name: 'ours',
  counts: 'bytes',
  start(tally) {
    const parser = new Parser(
      (_bytes, records) => {
        for (let i = 0; i < records.count; i++) {
          const first = records.firstLine(i);
          const behind = first + records.lineCount(i);
          let length = records.lineCount(i) - 1;
          for (let k = first; k < behind; k++) length += records.lineEnd(k) - records.lineStart(k);
          tally.add(length);
        }
      },
      { maxEventBytes: MAX_EVENT_BYTES },
    );
    return (chunk) => {
      parser.feed(chunk);
    };
  },
};

/** As fetch's users feed it: its input is text. */
export const eventsourceParser: Contender = {
  name: 'eventsource-parser',
  counts: 'characters',
  start(tally) {
    const parser = counting(tally);
    const decoder = new TextDecoder();
    return (chunk) => parser.feed(decoder.decode(chunk, { stream: true }));
  },
};

/** The cheapest text there is: a byte a character, nothing decoded. The stronger baseline; its data is not text yet. */
export const eventsourceParserLatin1: Contender = {
  name: 'eventsource-parser, Latin-1',
  counts: 'bytes',
  start(tally) {
    const parser = counting(tally);
    return (chunk) => parser.feed(chunk.toString('latin1'));
  },
};

/** No part of the package's documented interface; the Transform is driven without the stream around it. */
interface EventSourceStream {
  _transform(chunk: Buffer, encoding: string, done: () => void): void;
}
const { EventSourceStream } = createRequire(import.meta.url)(
  'undici/lib/web/eventsource/eventsource-stream.js',
) as {
  EventSourceStream: new (options: {
    push(event: { options: { data: string } } | null): boolean;
  }) => EventSourceStream;
};

export const undici: Contender = {
  name: 'undici',
  counts: 'characters',
  start(tally) {
    const stream = new EventSourceStream({
      push(event) {
        if (event !== null) tally.add(event.options.data.length);
        return true;
      },
    });
    const done = () => {};
    return (chunk) => stream._transform(chunk, 'buffer', done);
  },
};

/** What one writes before one looks for a parser: LF only, wrong for CR, and every chunk searches the rest again. */
export const naive: Contender = {
  name: 'naive',
  counts: 'characters',
  start(tally) {
    const decoder = new TextDecoder();
    let rest = '';
    return (chunk) => {
      const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
      rest = blocks.pop()!;
      for (const block of blocks) {
        const data: string[] = [];
        for (const line of block.split('\n')) if (line.startsWith('data: ')) data.push(line.slice(6));
        if (data.length > 0) tally.add(data.join('\n').length);
      }
    };
  },
};

export const CONTENDERS: readonly Contender[] = [
  ours,
  eventsourceParser,
  eventsourceParserLatin1,
  undici,
  naive,
];

function counting(tally: Tally): EventSourceParser {
  return createParser({
    onEvent(event) {
      tally.add(event.data.length);
    },
  });
}
