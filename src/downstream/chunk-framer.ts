/**
 * HTTP/1.1 chunk framing (RFC 9112 §7.1) made once per slice: everyone at the head of the log writes the same framed
 * copy, which lies in a slab of the pool. It remembers the last one only, which is the one that is shared.
 */
import type { SlabPool } from '../log/pool.js';

const CRLF = Buffer.from('\r\n');
/** The longest size line of a chunk, and the two line ends. */
const FRAMING_BYTES = 12;

/** A framed copy. Its slab goes back to the pool when the framer has forgotten it and no write holds it. */
export class Framed {
  readonly bytes: Buffer;
  readonly #slab: Buffer;
  readonly #pool: SlabPool;
  #pins = 1;

  constructor(bytes: Buffer, pool: SlabPool) {
    this.#pool = pool;
    this.#slab = pool.acquire(bytes.length + FRAMING_BYTES);
    this.bytes = this.#slab.subarray(0, writeChunk(this.#slab, bytes));
  }

  pin(): void {
    this.#pins += 1;
  }

  unpin(): void {
    this.#pins -= 1;
    if (this.#pins === 0) this.#pool.release(this.#slab);
  }
}

export class ChunkFramer {
  readonly #pool: SlabPool;
  #of: Buffer | undefined;
  #framed: Framed | undefined;
  #pieces: readonly Buffer[] | undefined;

  constructor(pool: SlabPool) {
    this.#pool = pool;
  }

  /** The bytes as one chunk, to be pinned while a write holds it. The same input object gives the same output object. */
  frame(bytes: Buffer): Framed {
    if (this.#of === bytes && this.#framed !== undefined) return this.#framed;
    this.forget();
    this.#of = bytes;
    this.#framed = new Framed(bytes, this.#pool);
    return this.#framed;
  }

  /** A copy of the caller's own, pinned once. */
  copy(bytes: Buffer): Framed {
    return new Framed(bytes, this.#pool);
  }

  /** The same for bytes that are written piece by piece, in memory that nobody reuses. */
  frameEach(bytes: Buffer): readonly Buffer[] {
    if (this.#of === bytes && this.#pieces !== undefined) return this.#pieces;
    this.forget();
    this.#of = bytes;
    this.#pieces = piecesOf(bytes).map(chunk);
    return this.#pieces;
  }

  /** Lets the last copy go, when nobody is left to share it with: a pass is over, or a tick came. */
  forget(): void {
    this.#framed?.unpin();
    this.#framed = undefined;
    this.#of = undefined;
    this.#pieces = undefined;
  }
}

/** What is larger is written in pieces of this size: a slow client takes one of them in time, and is seen to. */
export const PIECE_BYTES = 262_144;

/** Views on the bytes, at most `PIECE_BYTES` each. */
export function piecesOf(bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) pieces.push(bytes.subarray(at, at + PIECE_BYTES));
  return pieces;
}

/** `bytes` as one chunk. */
export function chunk(bytes: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(bytes.length + FRAMING_BYTES);
  return framed.subarray(0, writeChunk(framed, bytes));
}

/** Writes `bytes` as one chunk to the beginning of `into`; returns its length. */
function writeChunk(into: Buffer, bytes: Buffer): number {
  let at = into.write(bytes.length.toString(16), 0, 'latin1');
  at += CRLF.copy(into, at);
  at += bytes.copy(into, at);
  return at + CRLF.copy(into, at);
}
