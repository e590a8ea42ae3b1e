/**
 * The bytes of an event that chunk borders cut in pieces, in one piece. It owns one buffer, which grows by doubling
 * until it is released, and refuses to know what the bytes mean.
 */
import { Buffer } from 'node:buffer';

const FIRST_BYTES = 256;
/** From here on memory is worth handing on: less comes cheaply from the allocator. */
const LARGE_BYTES = 65_536;
/** What is larger than this is not handed on; it would be held for one unusual event. */
const SPARE_BYTES = 4_194_304;

/**
 * One large buffer for all carries of the process, by turns. Fresh memory costs a page fault for every 4 KiB when it is
 * written for the first time, several times what the copy itself costs, and an event of 1 MiB grows through five such
 * buffers; to keep one per channel would hold gigabytes.
 */
let spare: Buffer | undefined;

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

  /** Nothing is to be kept: the memory goes too, a large piece to whoever needs one next. */
  release(): void {
    const buffer = this.#buffer;
    this.length = 0;
    this.#buffer = undefined;
    if (buffer === undefined || buffer.length < LARGE_BYTES || buffer.length > SPARE_BYTES) return;
    if (spare === undefined || spare.length < buffer.length) spare = buffer;
  }

  #grow(length: number): void {
    let buffer: Buffer;
    if (length > LARGE_BYTES && spare !== undefined && spare.length >= length) {
      buffer = spare;
      spare = undefined;
    } else {
      let capacity = Math.max(this.capacity * 2, FIRST_BYTES);
      while (capacity < length) capacity *= 2;
      // Not from Node's pool: a small piece kept for minutes would hold a whole pool slab.
      buffer = Buffer.allocUnsafeSlow(capacity);
    }
    if (this.#buffer !== undefined) {
      this.#buffer.copy(buffer, 0, 0, this.length);
      this.copied += this.length;
    }
    this.#buffer = buffer;
  }
}
