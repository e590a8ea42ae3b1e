/** An HTTP/2 stream as a sink: DATA frames, flow control by the write callback, an end that leaves the session alone. */
import type { ServerHttp2Stream } from 'node:http2';
import { constants } from 'node:http2';
import type { Slice } from '../log/slice.js';
import type { Sink, SinkOwner } from '../sink.js';

export class Http2Sink implements Sink {
  readonly #stream: ServerHttp2Stream;
  #owner: SinkOwner | undefined;
  #failed = false;

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream;
  }

  attach(owner: SinkOwner): void {
    this.#owner = owner;
    const stream = this.#stream;
    stream.setTimeout(0);
    stream.on('error', () => {
      this.#failed = true;
    });
    // Gone already: there may be no `close` to come. Behind the callbacks of the writes made meanwhile.
    if (stream.destroyed) setImmediate(() => owner.closed(this.#failed));
    else stream.once('close', () => owner.closed(this.#failed));
  }

  write(slice: Slice): boolean {
    this.writePrivate(slice.bytes);
    return false;
  }

  writePrivate(bytes: Buffer): void {
    this.#stream.write(bytes, this.#written);
  }

  end(last?: Buffer): void {
    if (last === undefined) this.#stream.end();
    else this.#stream.end(last);
  }

  destroy(): void {
    this.#stream.close(constants.NGHTTP2_CANCEL);
    this.#stream.destroy();
  }

  readonly #written = (error?: Error | null): void => {
    this.#owner?.written(error == null && !this.#stream.destroyed && !this.#stream.closed);
  };
}
