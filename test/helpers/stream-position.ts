/**
 * Follows the SSE responses of one connection byte by byte and says whether the last byte lies inside an event. What is
 * no HTTP response is taken as a bare event stream. It refuses to change or keep what it sees.
 */
import { ResponseDecoder, type ResponseHead } from './http-decoder.js';

const LF = 10;
const CR = 13;
const COLON = 58;

export class StreamPosition {
  #decoder: ResponseDecoder | undefined;
  #begun = false;
  /** Bytes of a counted body that are yet to come. */
  #counted = 0;
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
      if (bytes[0] === 'H'.charCodeAt(0)) this.#decoder = this.#response();
    }
    if (this.#decoder === undefined) this.#body(bytes);
    else this.#responses(this.#decoder, bytes);
  }

  /**
   * A decoder takes one response, and on a connection that is kept another one follows. A response ends behind a line end
   * or a counted body, so pieces are cut there, and what follows a complete one goes to the next decoder.
   */
  #responses(decoder: ResponseDecoder, bytes: Buffer): void {
    let current = decoder;
    for (let at = 0; at < bytes.length; ) {
      if (current.complete) this.#decoder = current = this.#response();
      const lineEnd = bytes.indexOf(LF, at) + 1;
      const end = this.#counted > 0 ? Math.min(at + this.#counted, bytes.length) : lineEnd || bytes.length;
      current.push(bytes.subarray(at, end));
      at = end;
    }
  }

  #response(): ResponseDecoder {
    this.#lineBytes = 0;
    this.#fields = false;
    this.#afterCr = false;
    return new ResponseDecoder({ head: (head) => this.#head(head), body: (body) => this.#body(body) });
  }

  #head({ headers }: ResponseHead): void {
    this.#counted = Number(headers['content-length'] ?? 0);
  }

  #body(bytes: Buffer): void {
    this.#counted = Math.max(0, this.#counted - bytes.length);
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
