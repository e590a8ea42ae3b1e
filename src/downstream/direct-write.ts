/**
 * Writes to a socket past its stream, by the handle that the stream itself writes by: the stream's bookkeeping costs more
 * than all of the gateway's own code per delivery. The handle is no documented interface of Node.js (shape and results are
 * those of 20 to 26), so that it is looked at feature by feature; where anything is missing (another runtime, the
 * permission model) there is no handle, and its caller writes to the stream.
 *
 * Whoever writes here has nothing under way on the stream, and is the only one to write to it. What the stream is given later
 * goes out behind it, because the queue is the same; but the stream, and a response on it, know nothing of a write that is
 * under way here, so that its end has to wait for that. It refuses to queue: one write at a time.
 */
import { Socket } from 'node:net';
import { Writable } from 'node:stream';
import type { Sink } from '../sink.js';
import type { Framed } from './chunk-framer.js';

/** The handle of a TCP or pipe socket. */
export interface Handle {
  /** 0: accepted, see `kLastWriteWasAsync`; anything else: not written. */
  writeBuffer(request: WriteRequest, bytes: Buffer): number | undefined;
}

/** Who writes. */
export interface DirectWriter {
  /** The write that was not taken at once is over: 0, the kernel has all of it; else a negative error number of libuv. */
  directlyWritten(status: number): void;
}

/** An extra power of some sinks: slices may be written past them. */
export interface DirectSink extends Sink {
  /** What they are written by; undefined: not this one's. */
  readonly handle: Handle | undefined;
  /** They are written in chunks. */
  readonly chunked: boolean;
  /** A write was made past it and is under way, as if `write` had returned false. `framed`: what it holds besides the slice. */
  holds(request: WriteRequest, framed: Framed | undefined): void;
}

export function isDirect(sink: Sink): sink is DirectSink {
  return 'handle' in sink;
}

/** What Node keeps of a write under way. */
export interface WriteRequest {
  /** Called when it is over. */
  oncomplete?: (this: WriteRequest, status: number) => void;
  /** Kept alive until then. */
  bytes?: Buffer;
  writer?: DirectWriter;
}

interface StreamWrap {
  readonly WriteWrap: new () => WriteRequest;
  /** Facts about the write before this moment, by index. */
  readonly streamBaseState: Int32Array;
  readonly kLastWriteWasAsync: number;
}

/** Node's own, or undefined; looked up for the first socket that is to be written to past its stream. */
let known: StreamWrap | 'unasked' | undefined = 'unasked';
/** A write that is taken at once leaves its request as it was: one is enough for all of those. */
let spare: WriteRequest;

/** Undefined: this socket is only written to as a stream. */
export function directHandle(socket: Socket): Handle | undefined {
  if (known === 'unasked') known = lookUp();
  if (known === undefined || !isPlain(socket)) return undefined;
  const { _handle: handle } = socket as { _handle?: Partial<Handle> | null };
  return typeof handle?.writeBuffer === 'function' ? (handle as Handle) : undefined;
}

/** Its bytes are what it was given: nobody has made it encrypt, count or change them. */
function isPlain(socket: Socket): boolean {
  return (
    Object.getPrototypeOf(socket) === Socket.prototype &&
    socket.write === Writable.prototype.write &&
    !Object.hasOwn(socket, '_write') &&
    !Object.hasOwn(socket, '_writev')
  );
}

/**
 * True: the kernel took all of it. A request: it is under way, and whoever is its `writer` by the end of this turn is called
 * when it is over; the bytes may not change before. Undefined: the socket takes nothing any more, and nothing is called.
 */
export function writeDirectly(handle: Handle, bytes: Buffer): true | WriteRequest | undefined {
  const { WriteWrap, streamBaseState, kLastWriteWasAsync } = known as StreamWrap;
  const request = spare;
  const error = handle.writeBuffer(request, bytes);
  if (error === 0 && streamBaseState[kLastWriteWasAsync] === 0) return true;
  spare = new WriteWrap();
  if (error !== 0) return undefined;
  request.oncomplete = completed;
  request.bytes = bytes;
  return request;
}

function completed(this: WriteRequest, status: number): void {
  this.writer?.directlyWritten(status);
}

function lookUp(): StreamWrap | undefined {
  const { binding } = process as { binding?: (name: string) => Partial<StreamWrap> };
  const { noDeprecation } = process;
  try {
    // Where it is missing one day we go on without; until then nobody needs to be warned at every start.
    process.noDeprecation = true;
    const { WriteWrap, streamBaseState, kLastWriteWasAsync } = binding!.call(process, 'stream_wrap');
    spare = new WriteWrap!();
    return streamBaseState instanceof Int32Array && typeof kLastWriteWasAsync === 'number'
      ? { WriteWrap: WriteWrap!, streamBaseState, kLastWriteWasAsync }
      : undefined;
  } catch {
    return undefined;
  } finally {
    process.noDeprecation = noDeprecation!;
  }
}
