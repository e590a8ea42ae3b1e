/**
 * The stream as its first reader got it: every event was verified when it was appended, so that every other reader only
 * has to be compared with it, which is one `memcmp` per read and leaves no byte unlooked at. A ring of bytes and a ring
 * of events; positions count bytes since the beginning and never go back. It refuses to read from sockets.
 */
import { Buffer } from 'node:buffer';

const DEFAULT_BYTES = 32 * 1024 * 1024;
const DEFAULT_EVENTS = 1 << 18;

export class Reference {
  /** Ordinal of the newest event; −1 without one. */
  tipSeq = -1;
  /** Position behind the newest event. */
  tip = 0;
  #firstSeq = 0;
  readonly #bytes: Buffer;
  readonly #mask: number;
  readonly #ends: Float64Array;
  readonly #micros: Float64Array;

  /** Both sizes are powers of two. */
  constructor(bytes = DEFAULT_BYTES, events = DEFAULT_EVENTS) {
    this.#bytes = Buffer.alloc(bytes);
    this.#mask = events - 1;
    this.#ends = new Float64Array(events);
    this.#micros = new Float64Array(events);
  }

  /** An event verified by its reader; ordinals between the last one and `seq` are noted as never seen. */
  append(frame: Uint8Array, seq: number, micros: number): void {
    if (this.tipSeq < 0) this.#firstSeq = seq;
    else for (let absent = this.tipSeq + 1; absent < seq; absent += 1) this.#note(absent, -1);
    const size = this.#bytes.length;
    const at = this.tip % size;
    const head = Math.min(frame.length, size - at);
    this.#bytes.set(frame.subarray(0, head), at);
    if (head < frame.length) this.#bytes.set(frame.subarray(head), 0);
    this.tip += frame.length;
    this.#note(seq, micros);
  }

  /** Whether the event, and all its bytes, are still here. */
  holds(seq: number): boolean {
    return (
      seq >= this.#firstSeq &&
      seq > this.tipSeq - this.#mask &&
      seq <= this.tipSeq &&
      this.startOf(seq) >= this.tip - this.#bytes.length
    );
  }

  /** Position of the first byte of an event that is here. */
  startOf(seq: number): number {
    return seq === this.#firstSeq ? 0 : this.#ends[(seq - 1) & this.#mask]!;
  }

  endOf(seq: number): number {
    return this.#ends[seq & this.#mask]!;
  }

  /** When it was offered; −1 for one that its first reader never saw. */
  microsOf(seq: number): number {
    return this.#micros[seq & this.#mask]!;
  }

  /** Whether `length` bytes from `position` on are those at `bytes[from …)`. */
  same(position: number, bytes: Buffer, from: number, length: number): boolean {
    const at = position % this.#bytes.length;
    const head = Math.min(length, this.#bytes.length - at);
    if (bytes.compare(this.#bytes, at, at + head, from, from + head) !== 0) return false;
    return head === length || bytes.compare(this.#bytes, 0, length - head, from + head, from + length) === 0;
  }

  /** A copy of the bytes between two positions. */
  copy(from: number, to: number): Buffer {
    const out = Buffer.allocUnsafe(to - from);
    for (let k = from; k < to; k += 1) out[k - from] = this.#bytes[k % this.#bytes.length]!;
    return out;
  }

  #note(seq: number, micros: number): void {
    this.#ends[seq & this.#mask] = this.tip;
    this.#micros[seq & this.#mask] = micros;
    this.tipSeq = seq;
  }
}
