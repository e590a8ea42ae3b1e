/**
 * The bytes of an event that chunk borders cut in pieces, in one piece. It owns one buffer, which grows by doubling
 * until it is released, and refuses to know what the bytes mean.
 */
import { Buffer } from 'node:buffer';

const FIRST_BYTES = 256;

export class Carry {
  length = 0;
  /** Bytes copied so far, growth included, for the proof that the parser is linear. */
  copied = 0;
  #buffer: Buffer | undefined;

  /** Bytes held in memory. */
  get capacity(): number {
    return this.#buffer?.length ?? 0;
  }

  /** A view of what is held; valid until the next `append`, `empty` or `release`. */
  view(): Buffer {
    return this.#buffer === undefined ? Buffer.alloc(0) : this.#buffer.subarray(0, this.length);
  }

  append(bytes: Buffer, from: number, to: number): void {
    const length = this.length + to - from;
    if (this.#buffer === undefined || length > this.#buffer.length) this.#grow(length);
    bytes.copy(this.#buffer!, this.length, from, to);
    this.copied += to - from;
    this.length = length;
  }

  /** Nothing is to be kept any more, but more comes soon. */
  empty(): void {
    this.length = 0;
  }

  /** Nothing is to be kept: the memory goes too. */
  release(): void {
    this.length = 0;
    this.#buffer = undefined;
  }

  #grow(length: number): void {
    let capacity = Math.max(this.capacity * 2, FIRST_BYTES);
    while (capacity < length) capacity *= 2;
    // Not from Node's pool: a small piece kept for minutes would hold a whole pool slab.
    const buffer = Buffer.allocUnsafeSlow(capacity);
    if (this.#buffer !== undefined) {
      this.#buffer.copy(buffer, 0, 0, this.length);
      this.copied += this.length;
    }
    this.#buffer = buffer;
  }
}
