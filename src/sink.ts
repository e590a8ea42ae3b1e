/**
 * The seam on the way out: whatever drains a cursor. HTTP/1.1, HTTP/1.0 and HTTP/2 responses are sinks.
 * Types only. A sink refuses to queue: at most one `write` is under way, and it knows nothing of logs beyond a slice.
 */
import type { Slice } from './log/slice.js';

export interface Sink {
  /**
   * Writes a slice of the log. True: the transport took all of it at once, is alive, and holds none of the bytes. False:
   * `written` (of the owner given to `attach`) is called later, when it let go of them; nothing is written before that.
   */
  write(slice: Slice): boolean;
  /**
   * Bytes of this client alone (preamble, heartbeat, gap); `written` is called later. The buffer must never change
   * afterwards.
   */
  writePrivate(bytes: Buffer): void;
  /** Ends the stream politely: what was written is delivered first, then `last` if given. */
  end(last?: Buffer): void;
  /** Closes the connection (HTTP/2: the stream) at once; what was not delivered is lost. */
  destroy(): void;
  /** Registers the one owner; called once, before any write. */
  attach(owner: SinkOwner): void;
}

export interface SinkOwner {
  /** Part of the write under way was taken: it is large, and its client is not stuck. */
  progressed(): void;
  /** A write that was under way is over; never called within `write`. `delivered`: the socket was alive when it did; after an abort callbacks fire without an error. */
  written(delivered: boolean): void;
  /**
   * The client is gone. `failed`: by an error rather than by closing. Called once. The `written` of a write under way may
   * still follow (HTTP/2): until then the transport holds its bytes.
   */
  closed(failed: boolean): void;
}
