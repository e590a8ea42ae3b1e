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
 * From the socket inwards: dispatcher ► exchange (watchdog, request) ► attempt (pacer, answer, redirect) ► this (which URL
 * and when: url-choice, url-health, backoff) ► inlet. It refuses to parse what it moves, and to report anything of a connection that it closed.
 */
import type { Timer } from '../clock.js';
import type { CloseReason, GatewayError } from '../errors.js';
import type { Inlet, Source, SourceObserver, SourceState, SourceStatus } from '../source.js';
import { Attempt } from './attempt.js';
import { type Fault, fault } from './fault.js';
import type { HttpUpstreamContext, HttpUpstreamOptions } from './options.js';
import { cursorHeader } from './request.js';
import { originOf, redactUrl } from './url.js';
import { UrlChoice } from './url-choice.js';

/** Faults of a connection that no request was sent on. */
const UNREACHED: ReadonlySet<CloseReason> = new Set<CloseReason>([
  'connect-failed',
  'connect-timeout',
  'address-refused',
]);

/**
 * A `SourceFactory` for one upstream. The same one may make many sources.
 * @param urls for one source only, whoever else wants to know which URL it is at
 */
export function httpSource(
  options: HttpUpstreamOptions,
  context: HttpUpstreamContext,
  urls?: UrlChoice,
): (inlet: Inlet, observer: SourceObserver) => HttpSource {
  return (inlet, observer) => {
    const choice = urls ?? new UrlChoice(options, context.random);
    return new HttpSource(options, context, choice, inlet, observer);
  };
}

export class HttpSource implements Source {
  readonly #options: HttpUpstreamOptions;
  readonly #context: HttpUpstreamContext;
  readonly #inlet: Inlet;
  readonly #observer: SourceObserver;
  readonly #urls: UrlChoice;

  #state: SourceState = 'idle';
  /** When the state was entered; of `open`, when the stream began. */
  #since: number;
  /** States entered so far: tells whether an observer that was just called has moved us on. */
  #entries = 0;
  /** Consecutive failures, at whatever URL. */
  #failures = 0;
  #lastError: GatewayError | undefined;
  #attempt: Attempt | undefined;
  #timer: Timer | undefined;
  #askedForClient = false;

  constructor(
    options: HttpUpstreamOptions,
    context: HttpUpstreamContext,
    urls: UrlChoice,
    inlet: Inlet,
    observer: SourceObserver,
  ) {
    this.#options = options;
    this.#context = context;
    this.#inlet = inlet;
    this.#observer = observer;
    this.#urls = urls;
    this.#since = context.clock.now();
  }

  get status(): SourceStatus {
    const waits = this.#state === 'backoff' || this.#state === 'failed';
    const proven = this.#proven();
    return {
      state: this.#state,
      since: this.#since,
      attempts: proven ? 0 : this.#failures,
      lastError: proven ? undefined : this.#lastError,
      retryAt: waits ? this.#urls.current.askableAt : undefined,
      origin: originOf(this.#urls.current.url),
    };
  }

  /** As the seam says. After a `close` within a delay it first waits for the rest of it, in `backoff`. */
  open(): void {
    if (this.#state !== 'idle' && this.#state !== 'failed') return;
    const now = this.#context.clock.now();
    if (now >= this.#urls.choose(now).askableAt) {
      this.#connect();
    } else if (this.#state === 'idle') {
      this.#wait();
      this.#announce();
    }
  }

  /** As the seam says, but a `failed` source stays so while it refuses to try again, except for `shutdown`. */
  close(reason: CloseReason): void {
    const final = reason === 'shutdown';
    const refusing = this.#state === 'failed' && this.#context.clock.now() < this.#urls.current.askableAt;
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
    const attempt = new Attempt(this.#urls.current.url, this.#options, this.#context, {
      lastEventId: () => this.#lastEventId(),
      opened: (resumed) => this.#opened(resumed),
      received: (chunk) => this.#received(chunk),
      over: (ended) => this.#over(ended),
    });
    this.#attempt = attempt;
    this.#enter('connecting');
    this.#announce();
    if (this.#attempt === attempt) this.#observer.connecting(this.#failures + 1);
    if (this.#attempt === attempt) attempt.start();
  }

  #lastEventId(): string | undefined {
    const asks = this.#options.sendLastEventId && this.#urls.continues;
    const cursor = asks ? this.#inlet.cursor : undefined;
    const value = cursor && cursorHeader(cursor);
    if (cursor !== undefined && value === undefined) this.#observer.cursorWithheld();
    this.#askedForClient = value !== undefined && this.#inlet.cursorIsClients === true;
    return value;
  }

  #opened(resumed: boolean): void {
    const attempt = this.#attempt;
    const elsewhere = !this.#urls.continues;
    const moved = this.#urls.begin();
    this.#enter('open');
    this.#inlet.begin(resumed, elsewhere);
    if (moved) this.#observer.switched?.(this.status.origin);
    if (this.#attempt === attempt) this.#announce();
    if (this.#attempt === attempt) this.#observer.connected();
  }

  #received(chunk: Buffer): void {
    const attempt = this.#attempt;
    const cut = this.#inlet.write(chunk);
    if (this.#attempt !== attempt) return;
    this.#observer.received(chunk.length);
    if (cut === undefined || this.#attempt !== attempt) return;
    attempt?.cancel();
    const message = `${redactUrl(this.#urls.current.url)} sent an event above maxEventBytes`;
    this.#over(fault('UPSTREAM_EVENT_TOO_LARGE', message));
  }

  /** The attempt or the stream ended by itself: what follows is decided and in force before anyone is told. */
  #over(ended: Fault): void {
    this.#attempt = undefined;
    if (this.#refusedClient(ended)) return;
    const good = this.#state === 'open' && this.#endStream();
    if (!good || ended.reason !== 'ended') {
      this.#failures += 1;
      this.#lastError = ended.error;
    }
    const now = this.#context.clock.now();
    const retryMs = this.#urls.continues ? this.#inlet.retryMs : undefined;
    this.#urls.current.over(now, ended, good, retryMs);
    const failed = this.#urls.out;
    const atOnce = this.#urls.choose(now).askableAt <= now;
    if (failed) this.#enter('failed');
    else if (atOnce) this.#enter('connecting');
    else this.#wait();
    this.#tellEnd(ended);
  }

  /** Says that an attempt or a stream ended; if the next one is due, it begins. */
  #tellEnd({ reason, error }: Fault): void {
    const entry = this.#entries;
    this.#observer.disconnected(reason, error);
    if (this.#entries !== entry) return;
    if (this.#state === 'connecting') this.#connect();
    else this.#announce();
  }

  /**
   * What follows a request with a client's id says nothing about the upstream, unless it could not be reached: the id is
   * not asked with again. After an answer for good, which is nothing to wait for, the upstream is asked at once without.
   */
  #refusedClient(ended: Fault): boolean {
    if (!this.#askedForClient || this.#state !== 'connecting' || UNREACHED.has(ended.reason)) return false;
    this.#inlet.forgetClientsCursor?.();
    if (!ended.terminal && ended.reason !== 'redirect') return false;
    this.#tellEnd(ended);
    return true;
  }

  /** Ends the open stream; true if it was good. */
  #endStream(): boolean {
    const proven = this.#proven();
    if (proven) {
      this.#urls.current.reset();
      this.#failures = 0;
      this.#lastError = undefined;
    }
    this.#inlet.end();
    return proven;
  }

  #proven(): boolean {
    const lasted = this.#context.clock.now() - this.#since;
    return this.#state === 'open' && this.#urls.current.proven(lasted, this.#inlet.events);
  }

  #wait(): void {
    this.#enter('backoff');
    const { askableAt } = this.#urls.current;
    this.#timer = this.#context.clock.after(askableAt - this.#context.clock.now(), () => this.#connect());
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
