/**
 * An upstream as the tests want it: a real `text/event-stream` server with a history, numbering, and answers on demand.
 * It records what it was asked. It refuses to be robust: a reader that stalls is buffered for without limit.
 */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { realTime, type Time } from './real-time.js';
import { type UpstreamAnswer, writeAnswer } from './upstream-answer.js';
import { type Newline, Numbering, type UpstreamEvent, UpstreamHistory } from './upstream-history.js';
import { Waits } from './waits.js';

export interface UpstreamOptions {
  /** Default 0: any free one. */
  readonly port?: number;
  /**
   * What a new connection gets first. `true` (default): the history behind its Last-Event-ID, nothing without one or with
   * one that the history doesn't know · `false`: nothing · `all`: the whole history, whatever it asked for.
   */
  readonly replay?: boolean | 'all';
  /** Whether numbered events carry their number as id; default true. */
  readonly ids?: boolean;
  /** Line ends of everything; default LF. */
  readonly newline?: Newline;
  /** Sent as `retry:` at the head of each stream. */
  readonly retryMs?: number;
  /** A comment every so many ms while a stream is open; default never. */
  readonly heartbeatMs?: number;
  /** Length up to which the data of numbered events is padded, in bytes; default no padding. */
  readonly dataBytes?: number;
  /** Events remembered; default 100,000. */
  readonly history?: number;
  /** For the rate and the heartbeat; default real time. The field `t` is `stampMs()` under any of them. */
  readonly time?: Time;
}

/** One request as it arrived. */
export interface UpstreamRequest {
  readonly url: string;
  readonly method: string;
  readonly httpVersion: string;
  readonly headers: IncomingHttpHeaders;
  /** The Last-Event-ID header read as UTF-8, undefined without one. */
  readonly lastEventId: string | undefined;
  /** When it arrived, on the upstream's time. */
  readonly at: number;
}

/** Takes a request over. False: it was not taken, and is answered as usual. */
export type Respond = (request: IncomingMessage, response: ServerResponse) => boolean;

export class ScriptedUpstream {
  /** Every request, in order. */
  readonly requests: UpstreamRequest[] = [];
  /** Streams ever opened, TCP connections ever accepted. */
  streamsTotal = 0;
  socketsTotal = 0;
  readonly #options: UpstreamOptions;
  readonly #time: Time;
  readonly #server = createServer((request, response) => this.#request(request, response));
  readonly #sockets = new Set<Socket>();
  readonly #streams = new Set<ServerResponse>();
  readonly #history: UpstreamHistory;
  readonly #numbering: Numbering;
  readonly #waits = new Waits(() => this.#seen());
  #respond: Respond | undefined;

  private constructor(options: UpstreamOptions) {
    this.#options = options;
    this.#time = options.time ?? realTime;
    this.#history = new UpstreamHistory(options.history ?? 100_000, options.newline ?? '\n');
    this.#numbering = new Numbering(this.#time, options, (event) => this.publish(event));
    this.#server.on('connection', (socket) => {
      this.socketsTotal += 1;
      this.#sockets.add(socket);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        this.#waits.check();
      });
      this.#waits.check();
    });
  }

  static async listen(options: UpstreamOptions = {}): Promise<ScriptedUpstream> {
    const upstream = new ScriptedUpstream(options);
    upstream.#server.listen(options.port ?? 0, '127.0.0.1');
    await once(upstream.#server, 'listening');
    return upstream;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Every path is the stream; this one is as good as any. */
  get url(): string {
    return `http://127.0.0.1:${this.port}/events`;
  }

  /** Event streams open now. */
  get connections(): number {
    return this.#streams.size;
  }

  /** TCP connections open now. */
  get sockets(): number {
    return this.#sockets.size;
  }

  /** The number of the last numbered event, 0 before the first. */
  get number(): number {
    return this.#numbering.last;
  }

  /** Appends an event to the history and sends it to every open stream. */
  publish(event: UpstreamEvent): void {
    this.write(this.#history.append(event));
  }

  /** Publishes `count` numbered events at once, data `{"n":17,"t":<ms>}` and id `17`; returns the last number. */
  publishNumbered(count = 1): number {
    return this.#numbering.publish(count);
  }

  /** Numbered events at this rate until `stop`, in bursts where the rate is above that of timers. */
  start(ratePerSecond: number): void {
    this.#numbering.start(ratePerSecond);
  }

  stop(): void {
    this.#numbering.stop();
  }

  /** Literal bytes on every open stream, remembered by nobody: fragments, comments, junk. */
  write(bytes: string | Uint8Array): void {
    for (const stream of this.#streams) stream.write(bytes);
  }

  /** The next `times` requests get this instead of the stream (default: all of them); undefined: the stream again. */
  respond(answer: Respond | UpstreamAnswer | undefined, times = Number.POSITIVE_INFINITY): void {
    if (answer === undefined) {
      this.#respond = undefined;
      return;
    }
    const respond: Respond =
      typeof answer === 'function' ? answer : (_request, response) => writeAnswer(response, answer);
    let left = times;
    this.#respond = (request, response) => left > 0 && respond(request, response) && left-- > 0;
  }

  /**
   * Destroys every connection in mid-stream: the client sees a FIN inside the chunked body, or an RST. What was published
   * before goes out first.
   */
  cutAll(how: 'fin' | 'reset' = 'fin'): void {
    // Node corks a response, or its socket, until the end of the tick, and a destroyed socket would lose that.
    for (const stream of this.#streams) while (stream.writableCorked > 0) stream.uncork();
    for (const socket of this.#sockets) {
      while (socket.writableCorked > 0) socket.uncork();
      if (how === 'fin') socket.destroy();
      else socket.resetAndDestroy();
    }
  }

  /** Ends every stream as HTTP intends to. */
  endAll(): void {
    for (const stream of this.#streams) stream.end();
  }

  /** Resolves when exactly `count` streams are open. */
  waitForConnections(count: number, deadlineMs?: number): Promise<void> {
    return this.#waits.until(() => this.#streams.size === count, `${count} open streams`, deadlineMs);
  }

  /** Resolves with the `count`th request ever (the first is 1). */
  async waitForRequests(count: number, deadlineMs?: number): Promise<UpstreamRequest> {
    await this.#waits.until(() => this.requests.length >= count, `${count} requests`, deadlineMs);
    return this.requests[count - 1]!;
  }

  /** Stops the numbers, cuts every connection and frees the port. */
  async close(): Promise<void> {
    this.stop();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cutAll();
    await closed;
    this.#waits.over('the upstream was closed');
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    const id = request.headers['last-event-id'];
    const lastEventId = typeof id === 'string' ? Buffer.from(id, 'latin1').toString('utf8') : undefined;
    this.requests.push({
      url: request.url ?? '',
      method: request.method ?? '',
      httpVersion: request.httpVersion,
      headers: request.headers,
      lastEventId,
      at: this.#time.now(),
    });
    response.on('error', () => undefined);
    if (this.#respond?.(request, response) !== true) this.#stream(response, lastEventId);
    this.#waits.check();
  }

  #stream(response: ServerResponse, lastEventId: string | undefined): void {
    const { newline = '\n', retryMs, replay = true } = this.#options;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    response.flushHeaders();
    response.socket?.setNoDelay(true);
    if (retryMs !== undefined) response.write(`retry: ${retryMs}${newline}${newline}`);
    const missed =
      replay === 'all' ? this.#history.all() : this.#history.behind(replay ? lastEventId : undefined);
    if (missed.length > 0) response.write(missed);
    this.streamsTotal += 1;
    this.#streams.add(response);
    this.#beat(response);
    response.once('close', () => {
      this.#streams.delete(response);
      this.#waits.check();
    });
  }

  #beat(response: ServerResponse): void {
    const { heartbeatMs, newline = '\n' } = this.#options;
    if (heartbeatMs === undefined) return;
    const timer = this.#time.after(heartbeatMs, () => {
      response.write(`:${newline}${newline}`);
      this.#beat(response);
    });
    response.once('close', () => timer.cancel());
  }

  #seen(): string {
    const asked = this.requests.map(
      (request) => `${request.method} ${request.url} ${request.lastEventId ?? '-'}`,
    );
    return `${this.connections} streams and ${this.sockets} sockets open, ${asked.length} requests [${asked.slice(-5).join(', ')}]`;
  }
}
