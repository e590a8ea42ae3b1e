/**
 * A source that is an HTTP upstream: keeps one connection alive by DESIGN's rules and moves its bytes into the inlet.
 *
 *               open                  good head
 *     idle ───────────► connecting ─────────────► open
 *      ▲                  │   ▲  ▲                 │
 *      │ close      fault │   │  │ delay over       │ end, fault
 *      └─(from any)       ▼   │  │                  ▼
 *                       failed└─backoff ◄───────────┘      close('shutdown') from any ──► closed
 *                         open, later
 *
 * From the socket inwards: dispatcher ► exchange (watchdog, request) ► attempt (pacer, answer, redirect) ► this (backoff)
 * ► inlet. It refuses to parse what it moves, and to report anything of a connection that it closed.
 */
import type { Timer } from '../clock.js';
import type { CloseReason, GatewayError } from '../errors.js';
import type { Inlet, Source, SourceObserver, SourceState, SourceStatus } from '../source.js';
import { Attempt } from './attempt.js';
import { Backoff } from './backoff.js';
import { type Fault, fault } from './fault.js';
import type { HttpUpstreamContext, HttpUpstreamOptions } from './options.js';
import { cursorHeader } from './request.js';
import { redactUrl } from './url.js';

/** Faults of a connection that no request was sent on. */
const UNREACHED: ReadonlySet<CloseReason> = new Set<CloseReason>(['connect-failed', 'connect-timeout']);

/** A `SourceFactory` for one upstream. The same one may make many sources. */
export function httpSource(
  options: HttpUpstreamOptions,
  context: HttpUpstreamContext,
): (inlet: Inlet, observer: SourceObserver) => HttpSource {
  return (inlet, observer) => new HttpSource(options, context, inlet, observer);
}

export class HttpSource implements Source {
  readonly #options: HttpUpstreamOptions;
  readonly #context: HttpUpstreamContext;
  readonly #inlet: Inlet;
  readonly #observer: SourceObserver;
  readonly #backoff: Backoff;

  #state: SourceState = 'idle';
  /** When the state was entered; of `open`, when the stream began. */
  #since: number;
  /** States entered so far: tells whether an observer that was just called has moved us on. */
  #entries = 0;
  #lastError: GatewayError | undefined;
  /** No attempt before this; it outlives a `close`, so that closing and opening is no way around a delay. */
  #retryAt = Number.NEGATIVE_INFINITY;
  #attempt: Attempt | undefined;
  #timer: Timer | undefined;
  #askedForClient = false;

  constructor(
    options: HttpUpstreamOptions,
    context: HttpUpstreamContext,
    inlet: Inlet,
    observer: SourceObserver,
  ) {
    this.#options = options;
    this.#context = context;
    this.#inlet = inlet;
    this.#observer = observer;
    this.#backoff = new Backoff(options, context.random);
    this.#since = context.clock.now();
  }

  get status(): SourceStatus {
    const waits = this.#state === 'backoff' || this.#state === 'failed';
    const proven = this.#proven();
    return {
      state: this.#state,
      since: this.#since,
      attempts: proven ? 0 : this.#backoff.failures,
      lastError: proven ? undefined : this.#lastError,
      retryAt: waits ? this.#retryAt : undefined,
    };
  }

  /** As the seam says. After a `close` within a delay it first waits for the rest of it, in `backoff`. */
  open(): void {
    if (this.#state !== 'idle' && this.#state !== 'failed') return;
    if (this.#context.clock.now() >= this.#retryAt) {
      this.#connect();
    } else if (this.#state === 'idle') {
      this.#wait();
      this.#announce();
    }
  }

  /** As the seam says, but a `failed` source stays so while it refuses to try again, except for `shutdown`. */
  close(reason: CloseReason): void {
    const final = reason === 'shutdown';
    const refusing = this.#state === 'failed' && this.#context.clock.now() < this.#retryAt;
    if (this.#state === 'closed' || (!final && (this.#state === 'idle' || refusing))) return;
    const attempt = this.#attempt;
    this.#attempt = undefined;
    this.#timer?.cancel();
    attempt?.cancel();
    if (this.#state === 'open') this.#endStream();
    this.#enter(final ? 'closed' : 'idle');
    const entry = this.#entries;
    if (attempt !== undefined) this.#observer.disconnected(reason, undefined);
    if (this.#entries === entry) this.#announce();
  }

  #connect(): void {
    const attempt = new Attempt(this.#options, this.#context, {
      lastEventId: () => this.#lastEventId(),
      opened: (resumed) => this.#opened(resumed),
      received: (chunk) => this.#received(chunk),
      over: (ended) => this.#over(ended),
    });
    this.#attempt = attempt;
    this.#enter('connecting');
    this.#announce();
    if (this.#attempt === attempt) this.#observer.connecting(this.#backoff.failures + 1);
    if (this.#attempt === attempt) attempt.start();
  }

  #lastEventId(): string | undefined {
    const cursor = this.#options.sendLastEventId ? this.#inlet.cursor : undefined;
    const value = cursor && cursorHeader(cursor);
    if (cursor !== undefined && value === undefined) this.#observer.cursorWithheld();
    this.#askedForClient = value !== undefined && this.#inlet.cursorIsClients === true;
    return value;
  }

  #opened(resumed: boolean): void {
    const attempt = this.#attempt;
    this.#enter('open');
    this.#inlet.begin(resumed);
    this.#announce();
    if (this.#attempt === attempt) this.#observer.connected();
  }

  #received(chunk: Buffer): void {
    const attempt = this.#attempt;
    const cut = this.#inlet.write(chunk);
    if (this.#attempt !== attempt) return;
    this.#observer.received(chunk.length);
    if (cut === undefined || this.#attempt !== attempt) return;
    attempt?.cancel();
    const message = `${redactUrl(this.#options.url)} sent an event above maxEventBytes`;
    this.#over(fault('UPSTREAM_EVENT_TOO_LARGE', message));
  }

  /** The attempt or the stream ended by itself: what follows is decided and in force before anyone is told. */
  #over(ended: Fault): void {
    this.#attempt = undefined;
    if (this.#refusedClient(ended)) return;
    const good = this.#state === 'open' && this.#endStream();
    if (!good || ended.reason !== 'ended') {
      this.#backoff.fail();
      this.#lastError = ended.error;
    }
    if (ended.terminal || this.#backoff.failures >= this.#options.maxAttempts) {
      this.#retryAt = this.#context.clock.now() + this.#options.retryFailedMs;
      this.#enter('failed');
    } else {
      this.#retryAt = this.#context.clock.now() + this.#backoff.next(this.#inlet.retryMs, ended.retryAfterMs);
      this.#wait();
    }
    const entry = this.#entries;
    this.#observer.disconnected(ended.reason, ended.error);
    if (this.#entries === entry) this.#announce();
  }

  /**
   * What follows a request with a client's id says nothing about the upstream, unless it could not be reached: the id is
   * not asked with again. After an answer for good, which is nothing to wait for, the upstream is asked at once without.
   */
  #refusedClient(ended: Fault): boolean {
    if (!this.#askedForClient || this.#state !== 'connecting' || UNREACHED.has(ended.reason)) return false;
    this.#inlet.forgetClientsCursor?.();
    if (!ended.terminal && ended.reason !== 'redirect') return false;
    const entry = this.#entries;
    this.#observer.disconnected(ended.reason, ended.error);
    if (this.#entries === entry) this.#connect();
    return true;
  }

  /** Ends the open stream; true if it was good. */
  #endStream(): boolean {
    const proven = this.#proven();
    if (proven) {
      this.#backoff.reset();
      this.#lastError = undefined;
    }
    this.#inlet.end();
    return proven;
  }

  #proven(): boolean {
    const lasted = this.#context.clock.now() - this.#since;
    return this.#state === 'open' && this.#backoff.proven(lasted, this.#inlet.events);
  }

  #wait(): void {
    this.#enter('backoff');
    this.#timer = this.#context.clock.after(this.#retryAt - this.#context.clock.now(), () => this.#connect());
  }

  #enter(state: SourceState): void {
    this.#state = state;
    this.#entries += 1;
    this.#since = this.#context.clock.now();
  }

  #announce(): void {
    this.#observer.stateChanged(this.status);
  }
}
