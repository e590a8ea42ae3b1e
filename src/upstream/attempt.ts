/**
 * One attempt at a stream: waits for its turn, asks, follows redirects, and ends as a good stream or as a fault.
 * It refuses to try again.
 */
import type { Timer } from '../clock.js';
import { type Answer, judge } from './answer.js';
import { Exchange } from './exchange.js';
import { type Fault, fault } from './fault.js';
import type { HttpUpstreamContext, HttpUpstreamOptions } from './options.js';
import { Redirects } from './redirect.js';
import { basicAuthorization, isHttp, parseUrl, redactUrl } from './url.js';

/** Called synchronously, in this order: `opened` at most once, any number of `received`, `over` once unless cancelled. */
export interface AttemptOwner {
  /** Value of Last-Event-ID for a request that is about to be sent. */
  lastEventId(): string | undefined;
  /** A good head arrived. `resumed`: its request carried a Last-Event-ID. */
  opened(resumed: boolean): void;
  received(chunk: Buffer): void;
  over(fault: Fault): void;
}

export class Attempt {
  readonly #configured: string;
  readonly #options: HttpUpstreamOptions;
  readonly #context: HttpUpstreamContext;
  readonly #owner: AttemptOwner;
  #redirects: Redirects | undefined;
  #turn: Timer | undefined;
  #exchange: Exchange | undefined;
  #cancelled = false;

  /** `url`: one of the configured ones. */
  constructor(url: string, options: HttpUpstreamOptions, context: HttpUpstreamContext, owner: AttemptOwner) {
    this.#configured = url;
    this.#options = options;
    this.#context = context;
    this.#owner = owner;
  }

  /** Begins; the owner may hear of a fault before this returns. */
  start(): void {
    const url = parseUrl(this.#configured);
    if (url === undefined || !isHttp(url)) {
      this.#owner.over(fault('UPSTREAM_CONNECT', 'the upstream has no http: or https: URL'));
      return;
    }
    this.#redirects = new Redirects(url, this.#options.maxRedirects);
    this.#whenAdmitted(url);
  }

  /** Ends it, wherever it is, and closes its connection; nothing is reported any more. Idempotent. */
  cancel(): void {
    this.#cancelled = true;
    this.#turn?.cancel();
    this.#exchange?.abort();
  }

  #whenAdmitted(url: URL): void {
    const { pacer } = this.#context;
    if (pacer.take(url.origin)) this.#ask(url);
    else this.#turn = pacer.wait(url.origin, () => this.#ask(url));
  }

  #ask(url: URL): void {
    const lastEventId = this.#owner.lastEventId();
    if (this.#cancelled) return;
    const resumed = lastEventId !== undefined;
    this.#exchange = new Exchange(url, this.#options, this.#context, {
      answered: (answer) => this.#answered(url, answer, resumed),
      received: (chunk) => this.#owner.received(chunk),
      over: (ended) => this.#owner.over(ended),
    });
    // The userinfo of the configured URL holds for the whole origin; a Location can't change it.
    const configured = parseUrl(this.#configured);
    const authorization = configured && basicAuthorization(configured);
    this.#exchange.start({ url, headers: this.#options.headers, authorization, lastEventId });
  }

  #answered(url: URL, answer: Answer, resumed: boolean): void {
    const verdict = judge(answer, redactUrl(url), this.#context.clock.wallNow());
    if (verdict.kind === 'good') {
      this.#owner.opened(resumed);
      return;
    }
    this.#exchange?.abort();
    const next = verdict.kind === 'fault' ? verdict.fault : this.#redirects!.next(url, verdict.location);
    if (next instanceof URL) this.#whenAdmitted(next);
    else this.#owner.over(next);
  }
}
