/**
 * The bytes of one HTTP/1.1 response up to its body's content: status line, transfer coding, chunks. Written for reads of
 * a few hundred bytes that come by the hundred thousand per second: no object per read, nothing copied but a split head.
 */
import { Buffer } from 'node:buffer';

const CR = 13;
const LF = 10;
const HEAD_END = Buffer.from('\r\n\r\n');

enum State {
  Head,
  Identity,
  Size,
  SizeEnd,
  Data,
  DataEnd,
  Over,
}

export interface BodySink {
  /** Content of the body; the bytes are the reader's, and valid during the call. */
  content(bytes: Buffer, from: number, to: number): void;
  head(status: number, head: string): void;
  /** The body has come to its end: the last chunk. */
  end(): void;
}

export class BodyReader {
  readonly #sink: BodySink;
  #state: State = State.Head;
  #head: Buffer | undefined;
  /** Bytes of the chunk still to come. */
  #left = 0;

  constructor(sink: BodySink) {
    this.#sink = sink;
  }

  /** Takes what one read brought. @throws Error for bytes that are no HTTP/1.1 response */
  read(bytes: Buffer, length: number): void {
    let at = this.#state === State.Head ? this.#readHead(bytes, length) : 0;
    while (at < length) {
      switch (this.#state) {
        case State.Data: {
          const to = Math.min(length, at + this.#left);
          this.#sink.content(bytes, at, to);
          this.#left -= to - at;
          at = to;
          if (this.#left === 0) this.#state = State.DataEnd;
          break;
        }
        case State.Identity:
          this.#sink.content(bytes, at, length);
          return;
        case State.DataEnd:
          if (bytes[at] === LF) this.#state = State.Size;
          else if (bytes[at] !== CR) throw new Error('a chunk is longer than its size');
          at += 1;
          break;
        case State.Size:
          if (bytes[at] === CR) this.#state = State.SizeEnd;
          else this.#left = this.#left * 16 + hex(bytes[at]!);
          at += 1;
          break;
        case State.SizeEnd:
          at += 1;
          this.#state = this.#left === 0 ? State.Over : State.Data;
          if (this.#left === 0) this.#sink.end();
          break;
        default:
          return;
      }
    }
  }

  /** Returns where the body begins. */
  #readHead(bytes: Buffer, length: number): number {
    const before = this.#head?.length ?? 0;
    const head = Buffer.concat([this.#head ?? Buffer.alloc(0), bytes.subarray(0, length)]);
    const end = head.indexOf(HEAD_END);
    if (end < 0) {
      this.#head = head;
      return length;
    }
    this.#head = undefined;
    const text = head.toString('latin1', 0, end);
    const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
    if (status === undefined) throw new Error(`no HTTP/1.1 response: ${text.slice(0, 80)}`);
    this.#state = /^transfer-encoding: *chunked$/im.test(text) ? State.Size : State.Identity;
    this.#sink.head(Number(status), text);
    return end + HEAD_END.length - before;
  }
}

function hex(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  if (byte >= 97 && byte <= 102) return byte - 87;
  if (byte >= 65 && byte <= 70) return byte - 55;
  throw new Error('a chunk size that is none');
}
