/**
 * What an HTTP server is given in place of an accepted socket, so that a stream can leave with the socket: once its head
 * is out, `detach` hands the socket over and ends the connection as far as HTTP is concerned, and the server frees parser,
 * request and response the way it does for every client that is gone. Any duplex may be a server's connection
 * (`server.emit('connection', duplex)`); this one passes everything through. It refuses to know what is sent.
 */
import type { AddressInfo, Socket } from 'node:net';
import { Duplex } from 'node:stream';

type Callback = (error?: Error | null) => void;
type Piece = { readonly chunk: string | Buffer; readonly encoding: BufferEncoding };

/** Where a socket has the connection that it carries: with that, one set of listeners is enough for all of them. */
const CARRIED = Symbol('connection');

interface Carrier extends Socket {
  [CARRIED]?: Connection | undefined;
}

export class Connection extends Duplex {
  /** Stays when it is detached: a request that is kept by somebody still knows its client's address. */
  readonly #socket: Carrier;
  #detached = false;
  /** Length of what the socket was given and has not confirmed, and what is to be called when it does. */
  #underWay = 0;
  #done: Callback | undefined;

  constructor(socket: Socket) {
    // Both directions end on their own, as the server has it with sockets: it decides what a half-closed one is.
    super({ allowHalfOpen: true, autoDestroy: true, decodeStrings: false });
    this.#socket = socket;
    this.#socket[CARRIED] = this;
    for (const [event, listener] of LISTENERS) socket.on(event, listener);
  }

  /** What bytes leave by. */
  get socket(): Socket {
    return this.#socket;
  }

  /** Everything written so far is with the socket, so that what is written to that comes behind it. */
  get passedOn(): boolean {
    return !this.destroyed && this.writableLength === this.#underWay;
  }

  /**
   * Hands the socket over: it has no listener and no timeout of HTTP any more, and what it receives is discarded. So is
   * what is written here from now on. Whoever detaches sees to it that the response ends and the connection is destroyed.
   */
  detach(): Socket {
    const socket = this.#socket;
    this.#detached = true;
    socket[CARRIED] = undefined;
    for (const [event, listener] of LISTENERS) socket.removeListener(event, listener);
    socket.setTimeout(0);
    socket.resume();
    this.once('close', forget);
    this.#confirm();
    return socket;
  }

  override _read(): void {
    if (!this.#detached && this.#socket.isPaused()) this.#socket.resume();
  }

  override _write(chunk: string | Buffer, encoding: BufferEncoding, done: Callback): void {
    if (this.#detached) {
      done();
      return;
    }
    this.#underWay = chunk.length;
    this.#done = done;
    this.#socket.write(chunk, encoding, this.#confirm);
  }

  override _writev(pieces: Piece[], done: Callback): void {
    if (this.#detached) {
      done();
      return;
    }
    const socket = this.#socket;
    this.#done = done;
    this.#underWay = 0;
    for (const { chunk } of pieces) this.#underWay += chunk.length;
    socket.cork();
    const last = pieces.length - 1;
    for (let i = 0; i < last; i += 1) socket.write(pieces[i]!.chunk, pieces[i]!.encoding);
    socket.write(pieces[last]!.chunk, pieces[last]!.encoding, this.#confirm);
    socket.uncork();
  }

  /** The write under way is done, or somebody else's to look after. */
  readonly #confirm = (error?: Error | null): void => {
    const done = this.#done;
    this.#done = undefined;
    this.#underWay = 0;
    done?.(error);
  };

  override _final(done: Callback): void {
    if (this.#detached) done();
    else this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: Callback): void {
    if (!this.#detached) this.#socket.destroy();
    done(error);
  }

  // What servers, frameworks and their users ask of a socket beyond a duplex.

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get remoteFamily(): string | undefined {
    return this.#socket.remoteFamily;
  }

  get remotePort(): number | undefined {
    return this.#socket.remotePort;
  }

  get localAddress(): string | undefined {
    return this.#socket.localAddress;
  }

  get localFamily(): string | undefined {
    return this.#socket.localFamily;
  }

  get localPort(): number | undefined {
    return this.#socket.localPort;
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  get timeout(): number | undefined {
    return this.#socket.timeout;
  }

  get connecting(): boolean {
    return this.#socket.connecting;
  }

  get pending(): boolean {
    return this.#socket.pending;
  }

  get readyState(): string {
    return this.#socket.readyState;
  }

  address(): AddressInfo | Record<string, never> {
    return this.#socket.address();
  }

  setTimeout(ms: number, listener?: () => void): this {
    if (!this.#detached) this.#socket.setTimeout(ms);
    if (listener === undefined) return this;
    if (ms === 0) this.removeListener('timeout', listener);
    else this.once('timeout', listener);
    return this;
  }

  setNoDelay(on?: boolean): this {
    this.#socket.setNoDelay(on);
    return this;
  }

  setKeepAlive(on?: boolean, initialDelayMs?: number): this {
    this.#socket.setKeepAlive(on, initialDelayMs);
    return this;
  }

  ref(): this {
    this.#socket.ref();
    return this;
  }

  unref(): this {
    this.#socket.unref();
    return this;
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', this.destroy);
  }

  resetAndDestroy(): this {
    if (!this.#detached) this.#socket.resetAndDestroy();
    return this.destroy();
  }
}

const LISTENERS: readonly (readonly [string, (this: Socket, argument?: never) => void])[] = [
  ['data', received],
  ['end', ended],
  ['timeout', timedOut],
  ['error', failed],
  ['close', closed],
];

function received(this: Carrier, bytes?: Buffer): void {
  if (this[CARRIED]?.push(bytes) === false) this.pause();
}

function ended(this: Carrier): void {
  this[CARRIED]?.push(null);
}

function timedOut(this: Carrier): void {
  this[CARRIED]?.emit('timeout');
}

function failed(this: Carrier, error?: Error): void {
  this[CARRIED]?.destroy(error);
}

function closed(this: Carrier): void {
  this[CARRIED]?.destroy();
}

/** Who keeps the request keeps this: what hangs on it of its server's is of no use any more. */
function forget(this: Connection): void {
  this.removeAllListeners();
}
