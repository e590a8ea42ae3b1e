/**
 * HTTP/1.1 chunk framing (RFC 9112 §7.1) made once per slice: everyone at the head of the log writes the same framed
 * copy. It remembers the last one only, which is the one that is shared.
 */
const CRLF = Buffer.from('\r\n');

export class ChunkFramer {
  #of: Buffer | undefined;
  #framed: Buffer | undefined;

  /** The bytes as one chunk, in a buffer that never changes. The same input object gives the same output object. */
  frame(bytes: Buffer): Buffer {
    if (this.#of === bytes && this.#framed !== undefined) return this.#framed;
    const framed = chunk(bytes);
    this.#of = bytes;
    this.#framed = framed;
    return framed;
  }

  /** Lets the last copy go; called when the log it came from is quiet. */
  forget(): void {
    this.#of = undefined;
    this.#framed = undefined;
  }
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
