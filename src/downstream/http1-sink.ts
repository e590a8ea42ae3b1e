/**
 * An HTTP/1 response as a sink: chunked for 1.1 (the framed copy is shared), identity until close for 1.0. Once the
 * response owns its socket and its head is out, bodies go straight to the socket, which saves the per-write work of
 * the response. The response itself ends the stream, so that its own framing and keep-alive stay right, unless the
 * socket has been detached from it: then the end of the body is that of the connection, as its head has said.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import type { Slice } from '../log/slice.js';
import type { SinkOwner } from '../sink.js';
import { HEARTBEAT } from '../sse/control.js';
import { type ChunkFramer, chunk, type Framed, PIECE_BYTES, piecesOf } from './chunk-framer.js';
import { Connection } from './connection.js';
import {
  type DirectSink,
  type DirectWriter,
  directHandle,
  type Handle,
  type WriteRequest,
  writeDirectly,
} from './direct-write.js';
import { occupy, vacate } from './occupied.js';

const HEARTBEAT_CHUNK = chunk(HEARTBEAT);
const LAST_CHUNK = Buffer.from('0\r\n\r\n');
/** A write of nothing, called back behind all that was written before. */
const NOTHING = Buffer.alloc(0);

export interface Http1SinkOptions {
  /** The socket leaves its connection, if it can; the head has said that the stream is the last on it. Default false. */
  readonly leaves?: boolean;
  /** Slices go past the stream of the socket where they can. Default true. */
  readonly direct?: boolean;
}

export class Http1Sink implements DirectSink, DirectWriter {
  /** Undefined: the socket is detached. */
  readonly #response: ServerResponse | undefined;
  readonly #socket: Socket;
  readonly #framer: ChunkFramer | undefined;
  /** What slices are written by, past the socket's stream; undefined: they go through it. */
  readonly handle: Handle | undefined;
  /** Its writes are never taken at once: they pass through TLS, or a connection that is not left. */
  readonly #indirect: boolean;
  #owner: SinkOwner | undefined;
  #told = false;
  /** The framed copy that a write holds. */
  #framed: Framed | undefined;
  /** A large slice on its way, and which of its pieces comes next. */
  #pieces: readonly Buffer[] | undefined;
  #piece = 0;
  /** A write past the stream is under way, which for the response is none. */
  #past = false;
  /** The end that waits for either. */
  #ends: (() => void) | undefined;

  /**
   * @param response its head is sent and it owns its socket (see `ownsSocket`)
   * @param framer undefined: identity body
   */
  constructor(response: ServerResponse, framer: ChunkFramer | undefined, options: Http1SinkOptions = {}) {
    const { leaves = false, direct = true } = options;
    const { socket } = response;
    if (socket === null) throw new TypeError('the response does not own its socket yet');
    const carried = (socket as unknown) instanceof Connection;
    const detachable = leaves && socket instanceof Connection && socket.passedOn;
    this.#response = detachable ? undefined : response;
    this.#socket = detachable ? detach(response, socket) : socket;
    this.#framer = framer;
    this.#indirect = 'encrypted' in socket || (carried && !detachable);
    this.handle = direct && !this.#indirect ? directHandle(this.#socket) : undefined;
  }

  attach(owner: SinkOwner): void {
    this.#owner = owner;
    this.#socket.setTimeout(0);
    if (this.#response === undefined) this.#socket.on('end', endBoth);
    else this.#occupy(this.#response);
    (this.#response ?? this.#socket).on('close', this.#closed);
    // Gone already, and perhaps without a `close` to come. Behind the callbacks of the writes made meanwhile.
    if (this.#socket.destroyed) setImmediate(this.#closed);
  }

  #occupy(response: ServerResponse): void {
    occupy(this.#socket);
    response.on('error', ignore);
    // A body that nobody reads would keep the client's end, which comes behind it, from being seen.
    if (hasBody(response.req)) response.req.resume();
  }

  write({ bytes }: Slice): boolean {
    if (bytes.length > PIECE_BYTES) {
      this.#pieces = this.#framer === undefined ? piecesOf(bytes) : this.#framer.frameEach(bytes);
      this.#piece = 1;
      this.#socket.write(this.#pieces[0]!, this.#written);
      return false;
    }
    const framed = this.#framer?.frame(bytes);
    const body = framed === undefined ? bytes : framed.bytes;
    const written = this.handle && writeDirectly(this.handle, body);
    if (written === true) return true;
    if (written !== undefined) {
      this.holds(written, framed);
      return false;
    }
    // Where the socket takes nothing any more its stream may not have heard of it: it finds out, and calls back.
    if (this.#takenAtOnce(body)) return true;
    this.#hold(framed);
    return false;
  }

  get chunked(): boolean {
    return this.#framer !== undefined;
  }

  holds(request: WriteRequest, framed: Framed | undefined): void {
    request.writer = this;
    this.#past = true;
    this.#hold(framed);
  }

  #hold(framed: Framed | undefined): void {
    framed?.pin();
    this.#framed = framed;
  }

  /** Writes to the stream; when not all of it is taken at once, `#written` is called later. */
  #takenAtOnce(bytes: Buffer): boolean {
    const socket = this.#socket;
    if (this.#indirect) {
      socket.write(bytes, this.#written);
      return false;
    }
    // The kernel takes most writes at once: asking costs less than being called back, by a turn of the microtask queue.
    socket.write(bytes);
    if (socket.writableLength === 0 && socket.errored === null && !socket.destroyed) return true;
    socket.write(NOTHING, this.#written);
    return false;
  }

  writePrivate(bytes: Buffer): void {
    const framed = this.#framer === undefined ? bytes : bytes === HEARTBEAT ? HEARTBEAT_CHUNK : chunk(bytes);
    this.#socket.write(framed, this.#written);
  }

  end(last?: Buffer): void {
    // The response must not end in the middle of what is written past it, nor be over before that is.
    if (this.#pieces === undefined && !this.#past) this.#end(last);
    else this.#ends = () => this.#end(last);
  }

  #end(last: Buffer | undefined): void {
    if (this.#response !== undefined) {
      this.#response.end(last);
      return;
    }
    const socket = this.#socket;
    if (last !== undefined) socket.write(this.#framer === undefined ? last : chunk(last));
    if (this.#framer !== undefined) socket.write(LAST_CHUNK);
    // As behind any last response: a client that does not close its end may not hold ours open.
    socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  readonly #closed = (): void => {
    if (this.#told) return;
    this.#told = true;
    vacate(this.#socket);
    this.#owner?.closed(hasFailed(this.#socket));
  };

  directlyWritten(status: number): void {
    // As the stream would have it; where it is closed already, that is why, and nothing happens.
    if (status !== 0) this.#socket.destroy(writeError(status));
    this.#past = false;
    this.#over(status === 0);
  }

  readonly #written = (error?: Error | null): void => this.#over(error == null);

  #over(taken: boolean): void {
    const delivered = taken && !this.#socket.destroyed;
    const next = delivered ? this.#pieces?.[this.#piece] : undefined;
    if (next !== undefined) {
      this.#piece += 1;
      this.#owner?.progressed();
      this.#socket.write(next, this.#written);
      return;
    }
    this.#pieces = undefined;
    this.#framed?.unpin();
    this.#framed = undefined;
    this.#owner?.written(delivered);
    this.#ends?.();
  }
}

/** Since Node.js 22 a write that our own `destroy` has cancelled counts as an error of the socket. */
function hasFailed({ errored }: Socket): boolean {
  return errored !== null && (errored as NodeJS.ErrnoException).code !== 'ECANCELED';
}

function writeError(status: number): Error {
  const code = getSystemErrorName(status);
  return Object.assign(new Error(`write ${code}`), { code, errno: status, syscall: 'write' });
}

function hasBody({ headers }: IncomingMessage): boolean {
  return 'content-length' in headers || 'transfer-encoding' in headers;
}

/** For its server the response is complete: it frees what belongs to it, as behind any other. */
function detach(response: ServerResponse, connection: Connection): Socket {
  const socket = connection.detach();
  // Whatever becomes of the stream that begins: an error of the socket is nobody's to throw.
  socket.on('error', ignore);
  response.once('finish', leaveConnection).end();
  return socket;
}

function leaveConnection(this: ServerResponse): void {
  // Not within the write that has finished: a stream destroyed there makes an error for nobody, with its stack.
  process.nextTick(destroy, this.req.socket);
}

function destroy(socket: Socket): void {
  socket.destroy();
}

/** A client that says it will send no more is gone, as it is for Node's server. */
function endBoth(this: Socket): void {
  this.end();
}

/** An error is known from the socket it ended; one behind the end disturbs nobody. */
function ignore(): void {}
