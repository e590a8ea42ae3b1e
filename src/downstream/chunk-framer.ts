/**
 * HTTP/1.1 chunk framing (RFC 9112 §7.1) made once per slice: everyone at the head of the log writes the same framed
 * copy. It remembers the last one only, which is the one that is shared.
 */
const CRLF = Buffer.from('\r\n');

export class ChunkFramer {
  #of: Buffer | undefined;
  #framed: Buffer | undefined;
  #pieces: readonly Buffer[] | undefined;

  /** The bytes as one chunk, in a buffer that never changes. The same input object gives the same output object. */
  frame(bytes: Buffer): Buffer {
    if (this.#of === bytes && this.#framed !== undefined) return this.#framed;
    const framed = chunk(bytes);
    this.#of = bytes;
    this.#framed = framed;
    this.#pieces = undefined;
    return framed;
  }

  /** The same for bytes that are written piece by piece. */
  frameEach(bytes: Buffer): readonly Buffer[] {
    if (this.#of === bytes && this.#pieces !== undefined) return this.#pieces;
    const pieces = piecesOf(bytes).map(chunk);
    this.#of = bytes;
    this.#framed = undefined;
    this.#pieces = pieces;
    return pieces;
  }

  /** Lets the last copy go, when nobody is left to share it with: a pass is over, or a tick came. */
  forget(): void {
    this.#of = undefined;
    this.#framed = undefined;
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
  const size = bytes.length.toString(16);
  const framed = Buffer.allocUnsafe(size.length + bytes.length + 4);
  const start = framed.write(size, 0, 'latin1') + CRLF.copy(framed, size.length);
  bytes.copy(framed, start);
  CRLF.copy(framed, start + bytes.length);
  return framed;
}
