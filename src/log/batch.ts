/**
 * A batch: events that are committed together, as contiguous bytes plus one record per event. Reusable.
 * It refuses to know what the bytes mean, and holds no slab between `reset` and the next `reserve`: ten thousand
 * channels that are quiet cost a small object each.
 *
 * One event after the other: `reserve` room, write into `buffer` at the offset returned, `push` to close it.
 */
import { SlabPool } from './pool.js';

const UNPOOLED = new SlabPool({ enabled: false });
const NOTHING = Buffer.alloc(0);

/** Columns of a record, interleaved in one array. */
const LENGTH = 0;
const ID_OFFSET = 1;
const ID_LENGTH = 2;
const TAG = 3;
const COLUMNS = 4;

/** Records a batch starts with, and the most it keeps across a `reset`. */
const FIRST_RECORDS = 16;
const KEPT_RECORDS = 128;

export class Batch {
  readonly #pool: SlabPool;
  #buffer: Buffer = NOTHING;
  #reserved = 0;
  #byteLength = 0;
  #records = new Int32Array(FIRST_RECORDS * COLUMNS);
  #count = 0;

  /** Seq that the first event must get, checked by `append`; -1 (after `reset`): whatever the tip is. */
  firstSeq = -1;

  /** @param pool where the bytes are borrowed while the batch is filled; without one they are allocated */
  constructor(pool: SlabPool = UNPOOLED) {
    this.#pool = pool;
  }

  /** Events closed so far. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of the events closed so far, which begin at offset 0 of `buffer`. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** Where to write. `reserve` may replace it, `reset` gives it away: not to be kept across either. */
  get buffer(): Buffer {
    return this.#buffer;
  }

  /** Forgets all events and gives the bytes back. */
  reset(): void {
    if (this.#buffer.length > 0) this.#pool.release(this.#buffer);
    this.#buffer = NOTHING;
    this.#reserved = 0;
    this.#byteLength = 0;
    this.#count = 0;
    this.firstSeq = -1;
    if (this.#records.length > KEPT_RECORDS * COLUMNS) {
      this.#records = new Int32Array(FIRST_RECORDS * COLUMNS);
    }
  }

  /**
   * Makes room for an event of up to `bytes` bytes. Asking again before `push` makes more room for the same event; what
   * was written of it stays.
   * @returns the offset in `buffer` where the event begins
   */
  reserve(bytes: number): number {
    const needed = this.#byteLength + bytes;
    if (needed > this.#buffer.length) this.#grow(needed);
    if (needed > this.#reserved) this.#reserved = needed;
    return this.#byteLength;
  }

  /**
   * Closes the event just written.
   * @param length bytes of its frame, at least 1
   * @param idOffset where its id begins, relative to the frame
   * @param idLength bytes of the id; -1 (or 0): no id to index
   * @param tag any 16-bit number, handed back by `tagOf`
   * @throws {RangeError} when the frame is not within what was reserved, or the id not within the frame
   */
  push(length: number, idOffset: number, idLength: number, tag: number): void {
    if (length < 1 || this.#byteLength + length > this.#reserved) {
      throw new RangeError(`frame of ${length} bytes is not within the bytes reserved`);
    }
    if (idLength > 0 && (idOffset < 0 || idOffset + idLength > length)) {
      throw new RangeError(`id at ${idOffset} with ${idLength} bytes is not within a frame of ${length}`);
    }
    const at = this.#count * COLUMNS;
    if (at === this.#records.length) {
      const grown = new Int32Array(this.#records.length * 2);
      grown.set(this.#records);
      this.#records = grown;
    }
    this.#records[at + LENGTH] = length;
    this.#records[at + ID_OFFSET] = idOffset;
    this.#records[at + ID_LENGTH] = idLength;
    this.#records[at + TAG] = tag & 0xffff;
    this.#count++;
    this.#byteLength += length;
  }

  /** The records, by index in the batch (0 to `count` - 1); as they were given to `push`. */
  lengthAt(index: number): number {
    return this.#records[index * COLUMNS + LENGTH]!;
  }

  idOffsetAt(index: number): number {
    return this.#records[index * COLUMNS + ID_OFFSET]!;
  }

  idLengthAt(index: number): number {
    return this.#records[index * COLUMNS + ID_LENGTH]!;
  }

  tagAt(index: number): number {
    return this.#records[index * COLUMNS + TAG]!;
  }

  #grow(needed: number): void {
    const grown = this.#pool.acquire(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#reserved);
    if (this.#buffer.length > 0) this.#pool.release(this.#buffer);
    this.#buffer = grown;
  }
}
