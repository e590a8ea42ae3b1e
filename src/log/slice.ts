/**
 * A piece of one segment on its way out: whole events, contiguous, pinned while a write holds it.
 * It refuses to know who reads it; every cursor that stands at the same position gets the same object.
 */
import type { Segment } from './segment.js';

export class Slice {
  /** The committed bytes, a view on the segment's slab. */
  readonly bytes: Buffer;
  /** Position of the first byte and of the byte behind the last. */
  readonly from: number;
  readonly to: number;
  /** Seq of the first event, and how many there are. */
  readonly seq: number;
  readonly events: number;
  readonly #segment: Segment;

  constructor(segment: Segment, bytes: Buffer, from: number, seq: number, events: number) {
    this.#segment = segment;
    this.bytes = bytes;
    this.from = from;
    this.to = from + bytes.length;
    this.seq = seq;
    this.events = events;
  }

  /** One more reason why the slab may not be reused. */
  pin(): void {
    this.#segment.pin();
  }

  /** That reason is gone; the last one of a trimmed segment returns the slab to the pool. */
  unpin(): void {
    this.#segment.unpin();
  }
}
