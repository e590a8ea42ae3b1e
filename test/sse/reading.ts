/** Reads what a `Parser` reports into plain values, so that it can be compared with the reference. */
import { Buffer } from 'node:buffer';
import { type FeedCode, Parser } from '../../src/sse/parser.js';
import type { EventRecords } from '../../src/sse/records.js';
import type { Interpretation, ReferenceEvent } from './reference.js';

export const MAX_EVENT_BYTES = 1_048_576;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export function text(bytes: Buffer, from: number, to: number): string {
  return decoder.decode(bytes.subarray(from, to));
}

export function dataOf(bytes: Buffer, records: EventRecords, i: number): string {
  const lines: string[] = [];
  const first = records.firstLine(i);
  for (let k = first; k < first + records.lineCount(i); k++) {
    lines.push(text(bytes, records.lineStart(k), records.lineEnd(k)));
  }
  return lines.join('\n');
}

/** One parser and everything it said so far. */
export class Reading {
  readonly parser: Parser;
  events: ReferenceEvent[] = [];
  lastEventId = '';
  calls = 0;

  constructor(maxEventBytes = MAX_EVENT_BYTES) {
    this.parser = new Parser((bytes, records) => this.#take(bytes, records), { maxEventBytes });
  }

  get interpretation(): Interpretation {
    return { events: this.events, lastEventId: this.lastEventId, retry: this.parser.retry };
  }

  /** Feeds copies that are overwritten afterwards: whoever keeps bytes of a chunk is found out. */
  feed(...chunks: (Uint8Array | string)[]): FeedCode {
    let code: FeedCode;
    for (const chunk of chunks) {
      const copy = Buffer.from(chunk as Uint8Array);
      code = this.parser.feed(copy);
      copy.fill(0x58);
      if (code !== undefined) return code;
    }
    return undefined;
  }

  #take(bytes: Buffer, records: EventRecords): void {
    this.calls++;
    for (let i = 0; i < records.count; i++) {
      if (records.hasId(i)) this.lastEventId = text(bytes, records.idStart(i), records.idEnd(i));
      if (records.lineCount(i) === 0) continue;
      const type = text(bytes, records.typeStart(i), records.typeEnd(i));
      const data = dataOf(bytes, records, i);
      this.events.push({ type: type === '' ? 'message' : type, data, lastEventId: this.lastEventId });
    }
  }
}

/** The interpretation of a stream fed in these chunks. */
export function readChunks(chunks: Iterable<Uint8Array>): Interpretation {
  const reading = new Reading();
  for (const chunk of chunks) reading.feed(chunk);
  return reading.interpretation;
}
