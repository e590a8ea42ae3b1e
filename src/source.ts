/**
 * The seam on the way in: whatever fills a log. An HTTP upstream is one, a peer node or a child process are others.
 * Types only. A source refuses to know about clients, logs and framing: it moves bytes into an inlet and says how it is.
 */
import type { CloseReason, GatewayError } from './errors.js';

/**
 * Where a source of `text/event-stream` bytes puts them: the ingest of one channel. One connection at a time:
 * `begin`, any number of `write`, `end`.
 */
export interface Inlet {
  /** Id of the last complete upstream event (UTF-8, at least one byte), to be sent as Last-Event-ID. */
  readonly cursor: Uint8Array | undefined;
  /** The cursor is a client's word: an attempt with it that gets another answer than a stream is repeated without it. */
  readonly cursorIsClients?: boolean;
  /** That attempt was made: from here on there is no such cursor. */
  forgetClientsCursor?(): void;
  /** Reconnection time the upstream asked for with `retry:`, in ms, unclamped; kept across connections, but not `elsewhere`. */
  readonly retryMs: number | undefined;
  /** Events completed since `begin`. */
  readonly events: number;
  /**
   * A new connection's body starts here: decoder, BOM state and parser are fresh.
   * @param resumed a Last-Event-ID was sent
   * @param elsewhere it comes from another upstream, which has ids of its own: nothing that was noted of the former holds
   */
  begin(resumed: boolean, elsewhere?: boolean): void;
  /** The next bytes of the body; they are copied before this returns. A code means: cut the connection for this reason. */
  write(chunk: Buffer): 'event-too-large' | undefined;
  /** The connection is over; an unfinished event is discarded. Idempotent. */
  end(): void;
}

/** The states of DESIGN's `/health`: of a source, and so of its channel. */
export const SOURCE_STATES = ['idle', 'connecting', 'open', 'backoff', 'failed', 'closed'] as const;
export type SourceState = (typeof SOURCE_STATES)[number];

/** A snapshot for `/health` and logs. Times are monotonic ms of the injected clock. */
export interface SourceStatus {
  readonly state: SourceState;
  /** When the state was entered. */
  readonly since: number;
  /** Consecutive failed attempts; 0 after a stream that counted as good. */
  readonly attempts: number;
  /** The last fault, kept until a stream counts as good. */
  readonly lastError: GatewayError | undefined;
  /** In `backoff` and `failed`: when the next attempt may be made. */
  readonly retryAt: number | undefined;
  /** Origin (scheme, host, port) of the upstream that is asked, or will be next; undefined where there is none to name. */
  readonly origin?: string | undefined;
}

/** How a source reports; called synchronously, in order. */
export interface SourceObserver {
  /** The status changed. */
  stateChanged(status: SourceStatus): void;
  /** A connection was asked for. */
  connecting(attempt: number): void;
  /** A good answer arrived and bytes may follow. */
  connected(): void;
  /** The stream comes from another URL than the one before; said before `connected`. */
  switched?(origin: string | undefined): void;
  /** A connection or an attempt at one ended; `error` says more, undefined when we ended it ourselves. */
  disconnected(reason: CloseReason, error: GatewayError | undefined): void;
  /** A request goes without Last-Event-ID, because no header can carry the cursor. */
  cursorWithheld(): void;
  /** Bytes of body that arrived. */
  received(bytes: number): void;
}

export interface Source {
  readonly status: SourceStatus;
  /**
   * Connects, and reconnects by its own rules until `close`. No effect while connecting, open or in backoff;
   * in `failed` it makes one new attempt if `retryAt` has passed.
   */
  open(): void;
  /** Ends the connection (its socket is really closed) and goes to `idle`; `shutdown` is final and goes to `closed`. */
  close(reason: CloseReason): void;
}

/** Makes the source of one channel. */
export type SourceFactory = (inlet: Inlet, observer: SourceObserver) => Source;
