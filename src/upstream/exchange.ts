/**
 * One request and its answer on one connection, over undici, with a watchdog on every phase:
 *
 *     start ──socket──► request sent ──head──► body ──► end
 *      └ connectTimeoutMs  └ firstByteTimeoutMs   └ idleTimeoutMs
 *
 * It reports a head, bytes and how it ended. It refuses to judge the head, to follow or repeat, and to report anything
 * at all once it ended or was aborted.
 */
import type { Dispatcher } from 'undici';
import { PRIVATE_ADDRESS } from './addresses.js';
import type { Answer } from './answer.js';
import type { CuttableOptions } from './dispatcher.js';
import { causeText, type Fault, type FaultName, fault } from './fault.js';
import type { HttpUpstreamContext, HttpUpstreamOptions } from './options.js';
import { dispatchOptions, type StreamRequest } from './request.js';
import { redactUrl } from './url.js';
import { Watchdog } from './watchdog.js';

export type ExchangeOptions = Pick<
  HttpUpstreamOptions,
  'connectTimeoutMs' | 'firstByteTimeoutMs' | 'idleTimeoutMs' | 'maxHeaderBytes'
>;

/** Called synchronously, in this order: `answered` at most once, any number of `received`, `over` once. */
export interface ExchangeOwner {
  /** The final response head. The owner aborts if it doesn't want the body. */
  answered(answer: Answer): void;
  /** Bytes of the body; only valid during the call. */
  received(chunk: Buffer): void;
  /** The exchange ended by itself; reason `ended` after a complete body. */
  over(fault: Fault): void;
}

export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #context: Pick<HttpUpstreamContext, 'dispatcher' | 'clock'>;
  readonly #owner: ExchangeOwner;
  readonly #watchdog: Watchdog;
  readonly #aborter = new AbortController();
  readonly #where: string;
  #phase: 'connect' | 'head' | 'body' | 'over' = 'connect';
  #controller: Dispatcher.DispatchController | undefined;

  /** `url`: what is asked, for messages. Nothing happens before `start`. */
  constructor(
    url: URL,
    options: ExchangeOptions,
    context: Pick<HttpUpstreamContext, 'dispatcher' | 'clock'>,
    owner: ExchangeOwner,
  ) {
    this.#options = options;
    this.#context = context;
    this.#owner = owner;
    this.#watchdog = new Watchdog(context.clock);
    this.#where = redactUrl(url);
  }

  /** Sends the request. What is wrong with it (a header, the scheme) is reported like a failed connect, perhaps at once. */
  start(request: StreamRequest): void {
    const { connectTimeoutMs } = this.#options;
    this.#watchdog.watch(connectTimeoutMs, () => {
      this.#end('UPSTREAM_CONNECT_TIMEOUT', `${this.#where}: not connected after ${connectTimeoutMs} ms`);
    });
    const options: CuttableOptions = { ...dispatchOptions(request), signal: this.#aborter.signal };
    try {
      this.#context.dispatcher.dispatch(options, {
        onRequestStart: (controller) => this.#sent(controller),
        onResponseStart: (controller, status, headers) => this.#answered(controller, status, headers),
        onResponseData: (_, chunk) => this.#received(chunk),
        onResponseEnd: () => this.#end('UPSTREAM_ENDED', `${this.#where} ended the stream`),
        onResponseError: (_, error) => this.#broken(error),
      });
    } catch (error) {
      this.#broken(error);
    }
  }

  /** Closes the connection, also one that is being opened; nothing is reported any more. Idempotent. */
  abort(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#watchdog.stop();
    this.#cut();
  }

  #sent(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // A dispatcher that ignores the signal gets here after an abort: now it can be cut.
    if (this.#phase === 'over') {
      this.#cut();
      return;
    }
    this.#phase = 'head';
    const { firstByteTimeoutMs } = this.#options;
    this.#watchdog.watch(firstByteTimeoutMs, () => {
      this.#end(
        'UPSTREAM_FIRST_BYTE_TIMEOUT',
        `${this.#where}: no response head after ${firstByteTimeoutMs} ms`,
      );
    });
  }

  #answered(controller: Dispatcher.DispatchController, status: number, headers: Answer['headers']): void {
    // 1xx comes before the answer (RFC 9110 §15.2).
    if (this.#phase !== 'head' || status < 200) return;
    const { idleTimeoutMs, maxHeaderBytes } = this.#options;
    if (headerBytes(controller.rawHeaders) > maxHeaderBytes) {
      this.#end('UPSTREAM_HEADERS_TOO_LARGE', `${this.#where}: more than ${maxHeaderBytes} B of headers`);
      return;
    }
    this.#phase = 'body';
    this.#watchdog.watch(idleTimeoutMs, () => {
      this.#end('UPSTREAM_IDLE_TIMEOUT', `${this.#where}: no byte for ${idleTimeoutMs} ms`);
    });
    this.#owner.answered({ status, headers });
  }

  #received(chunk: Buffer): void {
    if (this.#phase !== 'body') return;
    this.#watchdog.touch();
    this.#owner.received(chunk);
  }

  #broken(cause: unknown): void {
    const overflow = cause instanceof Error && 'code' in cause && cause.code === 'UND_ERR_HEADERS_OVERFLOW';
    const text = causeText(cause);
    const refused = text === PRIVATE_ADDRESS;
    if (refused)
      this.#end('UPSTREAM_ADDRESS', `${this.#where} is at a private address, which is refused`, cause);
    else if (overflow)
      this.#end('UPSTREAM_HEADERS_TOO_LARGE', `${this.#where}: headers are too large`, cause);
    else if (this.#phase === 'connect')
      this.#end('UPSTREAM_CONNECT', `${this.#where}: no connection (${text})`, cause);
    else this.#end('UPSTREAM_NETWORK', `${this.#where}: connection broke (${text})`, cause);
  }

  #end(name: FaultName, message: string, cause?: unknown): void {
    if (this.#phase === 'over') return;
    this.abort();
    this.#owner.over(fault(name, message, cause === undefined ? {} : { cause }));
  }

  #cut(): void {
    this.#controller?.abort(new Error('aborted'));
    this.#aborter.abort();
  }
}

function headerBytes(raw: Dispatcher.DispatchController['rawHeaders']): number {
  if (!Array.isArray(raw)) return 0;
  let bytes = 0;
  for (const part of raw) bytes += part.length;
  return bytes;
}
