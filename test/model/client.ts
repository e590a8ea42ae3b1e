/**
 * A client's end of a stream as a sink: its writes finish soon, late or never, and it may be cut off within one. It
 * refuses to judge what it reads: each block goes to whoever wants it.
 */
import type { Clock } from '../../src/clock.js';
import type { DirectSink, Handle } from '../../src/downstream/direct-write.js';
import type { Slice } from '../../src/log/slice.js';
import type { SinkOwner } from '../../src/sink.js';
import { kLastWriteWasAsync, streamBaseState } from '../helpers/stream-wrap.js';

/** A block of a stream, its fields taken apart the slow way. */
export interface Block {
  readonly id: string | undefined;
  readonly type: string;
  readonly data: string | undefined;
  readonly retry: number | undefined;
}

export class ModelClient implements DirectSink {
  /** An eager one is written to past its sink as well. */
  readonly handle: Handle | undefined;
  readonly chunked = false;
  stalled = false;
  gone = false;
  /** It left by itself. */
  left = false;
  /** The last block it read. */
  #lastBlock: Block | undefined;
  /** An end was asked for; closes when the write under way is over. */
  #ending = false;
  #last: Buffer | undefined;
  #owner: SinkOwner | undefined;
  #writing: { readonly bytes: Buffer; readonly copy: Buffer } | undefined;
  #rest = Buffer.alloc(0);
  readonly #clock: Clock;
  readonly #eager: boolean;
  readonly #read: (block: Block) => void;

  /** @param eager slices are taken at once, unless it is stalled */
  constructor(clock: Clock, eager: boolean, read: (block: Block) => void) {
    this.#clock = clock;
    this.#eager = eager;
    this.#read = read;
    if (eager) this.handle = { writeBuffer: (_, bytes) => this.#direct(bytes) };
  }

  /** What it read ended with a whole block. */
  get whole(): boolean {
    return this.#rest.length === 0;
  }

  /** The reconnection time that was the last word to it, ms. */
  get farewell(): number | undefined {
    const { id, data, retry } = this.#lastBlock ?? {};
    return id === undefined && data === undefined ? retry : undefined;
  }

  /** Bytes are on their way to it. */
  get busy(): boolean {
    return this.#writing !== undefined;
  }

  attach(owner: SinkOwner): void {
    this.#owner = owner;
  }

  write(slice: Slice): boolean {
    this.writePrivate(slice.bytes);
    if (!this.#eager || this.stalled) return false;
    this.#writing = undefined;
    this.#take(slice.bytes);
    return true;
  }

  #direct(bytes: Buffer): number {
    if (this.gone) return -32;
    streamBaseState[kLastWriteWasAsync] = this.stalled ? 1 : 0;
    if (this.stalled) this.writePrivate(bytes);
    else this.#take(bytes);
    return 0;
  }

  /** The bytes of a slice are its log's to keep. */
  holds(): void {}

  writePrivate(bytes: Buffer): void {
    if (this.#writing !== undefined) throw new Error('a second write while one is under way');
    if (this.#ending) throw new Error('a write behind the end');
    this.#writing = { bytes, copy: Buffer.from(bytes) };
    if (!this.stalled) this.#soon();
  }

  end(last?: Buffer): void {
    this.#ending = true;
    this.#last = last;
    if (this.#writing === undefined) this.#clock.turn(() => this.#close(false));
  }

  destroy(): void {
    this.#clock.turn(() => this.leave(0, false));
  }

  release(): void {
    this.stalled = false;
    if (this.#writing !== undefined) this.#soon();
  }

  /**
   * The client is gone; of the write under way it got a part.
   * @param part 0 to 1
   * @param late the write's callback comes behind the close (HTTP/2)
   */
  leave(part: number, late: boolean): void {
    if (this.gone) return;
    this.gone = true;
    this.left = true;
    const writing = this.#writing;
    this.#writing = undefined;
    if (writing !== undefined) this.#take(writing.bytes.subarray(0, Math.floor(writing.bytes.length * part)));
    if (late) this.#owner?.closed(part > 0.5);
    if (writing !== undefined) this.#owner?.written(false);
    if (!late) this.#owner?.closed(part > 0.5);
  }

  #soon(): void {
    const writing = this.#writing;
    this.#clock.turn(() => {
      if (this.#writing === writing && writing !== undefined && !this.stalled) this.#finish();
    });
  }

  #finish(): void {
    const { bytes, copy } = this.#writing!;
    if (!bytes.equals(copy)) throw new Error('bytes changed while a write held them');
    this.#writing = undefined;
    this.#take(bytes);
    this.#owner?.written(true);
    if (this.#ending) this.#close(true);
  }

  #close(soon: boolean): void {
    if (this.gone) return;
    if (soon) return void this.#clock.turn(() => this.#close(false));
    this.gone = true;
    if (this.#last !== undefined) this.#take(this.#last);
    this.#owner?.closed(false);
  }

  #take(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (let end = this.#rest.indexOf('\n\n'); end >= 0; end = this.#rest.indexOf('\n\n')) {
      const block = this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(end + 2);
      this.#lastBlock = parsed(block);
      this.#read(this.#lastBlock);
    }
  }
}

function parsed(block: Buffer): Block {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(block);
  if (/[\r\0]/.test(text)) throw new Error('a CR or NUL on the wire');
  let id: string | undefined;
  let type = 'message';
  let data: string | undefined;
  let retry: number | undefined;
  for (const line of text.split('\n')) {
    const [, name, value = ''] = /^([^:]*):? ?(.*)$/.exec(line)!;
    if (name === 'id') id = value;
    if (name === 'event') type = value;
    if (name === 'retry') retry = Number(value);
    if (name === 'data') data = data === undefined ? value : `${data}\n${value}`;
  }
  return { id, type, data, retry };
}
