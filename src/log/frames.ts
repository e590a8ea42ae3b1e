/**
 * Single events of a log, by seq: where a record and a segment meet. It hands out views, pins nothing and refuses to
 * check whether the event is retained: the log does.
 */
import type { IdBytes } from './id-index.js';
import type { Records } from './records.js';
import type { Segment } from './segment.js';
import type { Segments } from './segments.js';

export class Frames implements IdBytes {
  readonly #records: Records;
  readonly #segments: Segments;

  constructor(records: Records, segments: Segments) {
    this.#records = records;
    this.#segments = segments;
  }

  /** The bytes of an event. */
  frame(seq: number): Buffer {
    const start = this.#records.start(seq);
    const segment = this.#segments.at(start);
    return segment.view(start, this.end(seq, segment));
  }

  /** Position behind an event: where the next begins, unless it is the last of its segment. */
  end(seq: number, segment: Segment): number {
    return seq + 1 < segment.nextSeq ? this.#records.start(seq + 1) : segment.end;
  }

  /** The bytes of the id that an event carries; none when it carries none. */
  id(seq: number): Buffer {
    const from = this.#records.start(seq) + this.#records.idOffset(seq);
    return this.#segments.at(from).view(from, from + this.#records.idLength(seq));
  }

  sameId(seq: number, other: number): boolean {
    return this.id(seq).equals(this.id(other));
  }

  hasId(seq: number, id: Uint8Array): boolean {
    return this.id(seq).equals(id);
  }
}
