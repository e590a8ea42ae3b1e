/**
 * One SSE client on a bare TCP socket that checks what it is sent: status, framing, events, and how it ended.
 * Light enough for thousands in one process. It refuses to reconnect by itself, to follow redirects and to forgive.
 */
import { connect, type Socket } from 'node:net';
import { ResponseDecoder, type ResponseHead } from './http-decoder.js';
import { SequenceCheck } from './sequence-check.js';
import { type SseEvent, SseLines } from './sse-lines.js';
import { requestBytes, type SseClientOptions } from './sse-request.js';
import { Waits } from './waits.js';

/**
 * How the connection ended. `complete`: the response ended by its own framing · `cut`: the connection ended before that ·
 * `reset`: by an RST or another socket error (an RST that
 * arrives together with data looks like the end of the connection to libuv, so it reads `cut`) · `refused`: never connected · `malformed`: broken HTTP · `destroyed`: by us.
 */
export type ClosedWhy = 'complete' | 'cut' | 'reset' | 'refused' | 'malformed' | 'destroyed';

export interface Closed {
  readonly why: ClosedWhy;
  /** No event was unfinished. */
  readonly atBoundary: boolean;
  readonly error: Error | undefined;
}

/** Reads are synchronous to the end of their callback, so all sockets share one buffer instead of 64 KiB each. */
const SHARED = Buffer.allocUnsafeSlow(64 * 1024);
const MAX_TEXT = 64 * 1024;

export class SseClient {
  /** 0 and undefined until the head arrived. Header names in lower case. */
  status = 0;
  head: ResponseHead | undefined;
  /** Kept events: all, or the last one. `count` counts all of them. */
  readonly events: SseEvent[] = [];
  count = 0;
  readonly comments: string[] = [];
  commentCount = 0;
  /** The newest valid `retry:` in ms. */
  retry: number | undefined;
  /** Bytes read from the socket, head and framing included. */
  bytes = 0;
  readonly check: SequenceCheck | undefined;
  /** Resolves when the connection is over; never rejects. */
  readonly closed: Promise<Closed>;
  /** The same once it is over. */
  ended: Closed | undefined;

  readonly #options: SseClientOptions;
  readonly #keep: 'all' | 'last' | 'check';
  readonly #socket: Socket;
  readonly #decoder: ResponseDecoder;
  readonly #lines: SseLines;
  readonly #waits = new Waits(() => this.#seen());
  readonly #body: Buffer[] = [];
  #connected = false;
  #eventStream = false;
  #text = '';
  #settle: (closed: Closed) => void = () => undefined;

  /** Connects at once. */
  constructor(options: SseClientOptions) {
    this.#options = options;
    this.#keep = options.keep ?? 'all';
    this.check = options.check ?? (this.#keep === 'check' ? new SequenceCheck() : undefined);
    this.closed = new Promise((resolve) => (this.#settle = resolve));
    this.#lines = new SseLines(
      {
        event: (event) => this.#event(event),
        comment: (text) => this.#comment(text),
        retry: (ms) => (this.retry = ms),
      },
      options.lastEventId,
    );
    this.#decoder = new ResponseDecoder({
      head: (head) => this.#head(head),
      body: (bytes) => this.#bodyBytes(bytes),
    });
    const socket = connect({
      port: options.port,
      host: options.host ?? '127.0.0.1',
      noDelay: true,
      ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
      onread: {
        buffer: SHARED,
        callback: (length, buffer) => this.#read(Buffer.from(buffer.buffer, 0, length)),
      },
    });
    this.#socket = socket;
    if (options.paused === true) socket.pause();
    let failure: Error | undefined;
    socket
      .on('connect', () => (this.#connected = true))
      .on('error', (error) => (failure = error))
      .on('end', () => this.#finish(this.#decoder.end() ? 'complete' : 'cut'))
      .on('close', () => this.#finish(this.#connected ? 'reset' : 'refused', failure));
    socket.write(requestBytes(options));
  }

  get headers(): Readonly<Record<string, string>> {
    return this.head?.headers ?? {};
  }

  /** The id to come back with: that of the last complete event, or what the client came with. */
  get lastEventId(): string {
    return this.#lines.lastEventId;
  }

  /** The data of the kept events. */
  get data(): string[] {
    return this.events.map((event) => event.data);
  }

  /** The body without framing; only with `keep: 'all'`. */
  get body(): Buffer {
    return Buffer.concat(this.#body);
  }

  /** The body of an answer that is no event stream, at most 64 KiB. */
  get text(): string {
    return this.#text;
  }

  /** Chunks of data begun: how often the server wrote to a chunked body. */
  get chunks(): number {
    return this.#decoder.chunks;
  }

  /** Our port, by which a server's record of this connection can be told. */
  get localPort(): number | undefined {
    return this.#socket.localPort;
  }

  /** Resolves with the head of the response. */
  async opened(deadlineMs?: number): Promise<ResponseHead> {
    await this.#waits.until(() => this.head !== undefined, 'the head of the response', deadlineMs);
    return this.head!;
  }

  /**
   * Resolves when `count` events came, or when the predicate holds, looked at after every read. Rejects when the
   * connection is over before that, or after `deadlineMs` (default 10 s of real time), telling what was seen.
   */
  async waitFor(
    wanted: number | ((client: SseClient) => boolean),
    what?: string,
    deadlineMs?: number,
  ): Promise<this> {
    const holds = typeof wanted === 'number' ? () => this.count >= wanted : () => wanted(this);
    await this.#waits.until(
      holds,
      what ?? (typeof wanted === 'number' ? `${wanted} events` : String(wanted)),
      deadlineMs,
    );
    return this;
  }

  /** `closed` with a deadline that rejects with what was seen. */
  async waitForClose(deadlineMs?: number): Promise<Closed> {
    await this.#waits.until(() => this.ended !== undefined, 'the end of the connection', deadlineMs);
    return this.ended!;
  }

  /** Stops reading: the kernel's buffers fill, then the server's. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Goes away: with a FIN, or, where unread bytes wait in the kernel, an RST. */
  destroy(): void {
    this.#finish('destroyed');
  }

  /** Goes away with an RST. */
  reset(): void {
    this.#socket.resetAndDestroy();
    this.#finish('destroyed');
  }

  /** A new client that asks for what follows our last complete event, judged by the same check. Destroys this one. */
  reconnect(overrides: Partial<SseClientOptions> = {}): SseClient {
    this.destroy();
    const id = this.lastEventId === '' ? undefined : this.lastEventId;
    const check = this.check === undefined ? {} : { check: this.check };
    return new SseClient({ ...this.#options, lastEventId: id, ...check, ...overrides });
  }

  /** True: go on reading. */
  #read(bytes: Buffer): boolean {
    if (this.ended !== undefined) return false;
    this.bytes += bytes.length;
    try {
      this.#decoder.push(bytes);
    } catch (error) {
      this.#finish('malformed', error instanceof Error ? error : new Error(String(error)));
      return false;
    }
    if (this.#decoder.complete) this.#finish('complete');
    else this.#waits.check();
    return true;
  }

  #head(head: ResponseHead): void {
    this.head = head;
    this.status = head.status;
    this.#eventStream = (head.headers['content-type'] ?? '').startsWith('text/event-stream');
  }

  #bodyBytes(bytes: Buffer): void {
    if (this.#keep === 'all') this.#body.push(Buffer.from(bytes));
    if (this.#eventStream) this.#lines.push(bytes);
    else if (this.#text.length < MAX_TEXT) this.#text += bytes.toString('latin1');
  }

  #event(event: SseEvent): void {
    this.count += 1;
    this.check?.event(event.type, event.data);
    if (this.#keep === 'all') this.events.push(event);
    else if (this.#keep === 'last') this.events[0] = event;
  }

  #comment(text: string): void {
    this.commentCount += 1;
    if (this.#keep === 'all') this.comments.push(text);
  }

  #finish(why: ClosedWhy, error?: Error): void {
    if (this.ended !== undefined) return;
    this.ended = { why, atBoundary: this.#lines.atBoundary, error };
    this.#socket.destroy();
    this.#settle(this.ended);
    this.#waits.over(`the connection ended (${why}${error === undefined ? '' : `: ${error.message}`})`);
  }

  #seen(): string {
    const head = this.head === undefined ? 'no head' : `status ${this.status}`;
    const last = this.events.at(-1);
    return [
      `${head}, ${this.bytes} bytes, ${this.count} events, ${this.commentCount} comments, last id ${JSON.stringify(this.lastEventId)}`,
      ...(last === undefined ? [] : [`last event ${JSON.stringify(last).slice(0, 200)}`]),
      ...(this.check === undefined ? [] : [`sequence ${this.check}`]),
      ...(this.#text === '' ? [] : [`text ${JSON.stringify(this.#text.slice(0, 200))}`]),
    ].join('; ');
  }
}
