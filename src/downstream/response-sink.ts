/**
 * A response without a socket of its own as a sink, which is what an injected request has: everything goes through the
 * response. Its writer may keep the bytes for as long as it likes, so that it gets copies.
 */
import type { ServerResponse } from 'node:http';
import type { Slice } from '../log/slice.js';
import type { Sink, SinkOwner } from '../sink.js';

export class ResponseSink implements Sink {
  readonly #response: ServerResponse;
  #owner: SinkOwner | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  attach(owner: SinkOwner): void {
    this.#owner = owner;
    let failed = false;
    this.#response.on('error', () => {
      failed = true;
    });
    this.#response.once('close', () => owner.closed(failed));
    if (this.#response.destroyed) setImmediate(() => owner.closed(failed));
  }

  write(slice: Slice): boolean {
    this.writePrivate(Buffer.from(slice.bytes));
    return false;
  }

  writePrivate(bytes: Buffer): void {
    this.#response.write(bytes);
    // Not all responses of this kind call back; what they took is theirs.
    setImmediate(() => this.#owner?.written(!this.#response.destroyed));
  }

  end(last?: Buffer): void {
    this.#response.end(last);
  }

  destroy(): void {
    this.#response.destroy();
  }
}
