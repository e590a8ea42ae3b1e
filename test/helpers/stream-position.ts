/**
 * Follows an SSE response byte by byte and says whether the last one lies inside an event. What is no HTTP response is
 * taken as a bare event stream. It refuses to change or keep what it sees.
 */
import { ResponseDecoder } from './http-decoder.js';

const LF = 10;
const CR = 13;
const COLON = 58;

export class StreamPosition {
  #decoder: ResponseDecoder | undefined;
  #begun = false;
  /** Bytes of the current line without its end, and whether it is a comment. */
  #lineBytes = 0;
  #comment = false;
  #afterCr = false;
  #fields = false;

  /** An event was begun and its blank line has not come. Comments, the head and chunk framing are outside. */
  get inside(): boolean {
    return this.#fields;
  }

  push(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (!this.#begun) {
      this.#begun = true;
      if (bytes[0] === 'H'.charCodeAt(0)) {
        this.#decoder = new ResponseDecoder({ head: () => undefined, body: (body) => this.#body(body) });
      }
    }
    if (this.#decoder === undefined) this.#body(bytes);
    else this.#decoder.push(bytes);
  }

  #body(bytes: Buffer): void {
    for (const byte of bytes) this.#byte(byte);
  }

  #byte(byte: number): void {
    const secondHalf = this.#afterCr && byte === LF;
    this.#afterCr = byte === CR;
    if (secondHalf) return;
    if (byte === CR || byte === LF) {
      if (this.#lineBytes === 0) this.#fields = false;
      this.#lineBytes = 0;
      return;
    }
    if (this.#lineBytes === 0) this.#comment = byte === COLON;
    this.#lineBytes += 1;
    if (!this.#comment) this.#fields = true;
  }
}
