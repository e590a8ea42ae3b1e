/**
 * Cuts slices out of a log's segments, and keeps the newest: a thousand cursors at the same position get one object,
 * so that what is made from it for the wire is made once. It refuses to pin, and to know floor and tip.
 */
import type { Frames } from './frames.js';
import type { Records } from './records.js';
import type { Segments } from './segments.js';
import { Slice } from './slice.js';

export class Slices {
  readonly #records: Records;
  readonly #segments: Segments;
  readonly #frames: Frames;
  #newest: Slice | undefined;
  /** The limit that the newest was cut for. */
  #maxBytes = 0;

  constructor(records: Records, segments: Segments, frames: Frames) {
    this.#records = records;
    this.#segments = segments;
    this.#frames = frames;
  }

  /** The newest slice, if it is the one asked for. */
  cached(from: number, maxBytes: number): Slice | undefined {
    return this.#newest?.from === from && this.#maxBytes === maxBytes ? this.#newest : undefined;
  }

  /**
   * Whole events of one segment: at most `maxBytes`, but at least one event; a tagged one begins a slice.
   * @param from a position in history, below the tip
   * @throws {RangeError} when the position is within an event
   */
  cut(from: number, maxBytes: number): Slice {
    const segment = this.#segments.at(from);
    const { nextSeq } = segment;
    const seq = this.#records.seqAt(from, Math.max(segment.firstSeq, this.#records.first), nextSeq);
    if (seq === nextSeq || this.#records.start(seq) !== from) {
      throw new RangeError(`position ${from} is not an event boundary`);
    }
    let next = this.#records.taggedIn(seq + 1, nextSeq);
    let to = next === nextSeq ? segment.end : this.#records.start(next);
    if (to - from > maxBytes) {
      // The last boundary within the limit is that before the first event which begins beyond it.
      next = Math.max(this.#records.seqAt(from + maxBytes + 1, seq, next) - 1, seq + 1);
      to = this.#frames.end(next - 1, segment);
    }
    const slice = new Slice(segment, segment.view(from, to), from, seq, next - seq);
    // A reader of old history must not take the shared one away from those at the head.
    if (!this.#newest || from >= this.#newest.from) {
      this.#newest = slice;
      this.#maxBytes = maxBytes;
    }
    return slice;
  }

  /** Forgets the newest slice if it begins below `floor`; always without one, as after a change of the tip. */
  forget(floor = Number.POSITIVE_INFINITY): void {
    if (this.#newest && this.#newest.from < floor) this.#newest = undefined;
  }
}
