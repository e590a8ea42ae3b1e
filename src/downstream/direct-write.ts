/**
 * Writes to a socket past its stream, by the handle that the stream itself writes by: the stream's bookkeeping costs more
 * than all of the gateway's own code per delivery. The handle is no documented interface of Node.js (shape and results are
 * those of 20 to 26), so that it is looked at feature by feature; where anything is missing (another runtime, the
 * permission model) there is no handle, and its caller writes to the stream.
 *
 * Whoever writes here has nothing under way on the stream; what the stream is given later goes out behind it, because
 * the queue is the same. It refuses to queue: one write at a time, and its caller says what follows.
 */
import type { Socket } from 'node:net';
import type { Sink } from '../sink.js';
import type { Framed } from './chunk-framer.js';

/** The handle of a TCP or pipe socket. */
export interface Handle {
  /** 0: accepted, see `kLastWriteWasAsync`; anything else: not written. */
  writeBuffer(request: Request, bytes: Buffer): number | undefined;
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
  holds(request: Request, framed: Framed | undefined): void;
}

export function isDirect(sink: Sink): sink is DirectSink {
  return 'handle' in sink;
}

/** What Node keeps of a write under way. */
export interface Request {
  /** Called when it is over. */
  oncomplete?: (this: Request, status: number) => void;
  /** Kept alive until then. */
  bytes?: Buffer;
  writer?: DirectWriter;
}

interface StreamWrap {
  readonly WriteWrap: new () => Request;
  /** Facts about the write before this moment, by index. */
  readonly streamBaseState: Int32Array;
  readonly kLastWriteWasAsync: number;
}

const found = lookUp();
/** Without: never used. */
const ABSENT: StreamWrap = { WriteWrap: Object, streamBaseState: new Int32Array(1), kLastWriteWasAsync: 0 };
const { WriteWrap, streamBaseState, kLastWriteWasAsync } = found ?? ABSENT;
/** A write that is taken at once leaves its request as it was: one is enough for all of those. */
let spare = new WriteWrap();

/** Undefined: this socket is only written to as a stream. */
export function directHandle(socket: Socket): Handle | undefined {
  // TLS has a handle of this form too, but what is behind it is a stream of its own.
  if (found === undefined || 'encrypted' in socket) return undefined;
  const { _handle: handle } = socket as { _handle?: Partial<Handle> | null };
  return typeof handle?.writeBuffer === 'function' ? (handle as Handle) : undefined;
}

/**
 * True: the kernel took all of it. A request: it is under way, and whoever is its `writer` by the end of this turn is called
 * when it is over; the bytes may not change before. Undefined: the socket takes nothing any more, and nothing is called.
 */
export function writeDirectly(handle: Handle, bytes: Buffer): true | Request | undefined {
  const request = spare;
  const error = handle.writeBuffer(request, bytes);
  if (error === 0 && streamBaseState[kLastWriteWasAsync] === 0) return true;
  spare = new WriteWrap();
  if (error !== 0) return undefined;
  request.oncomplete = completed;
  request.bytes = bytes;
  return request;
}

function completed(this: Request, status: number): void {
  this.writer?.directlyWritten(status);
}

function lookUp(): StreamWrap | undefined {
  const { binding } = process as { binding?: (name: string) => Partial<StreamWrap> };
  try {
    const { WriteWrap, streamBaseState, kLastWriteWasAsync } = binding!.call(process, 'stream_wrap');
    const known =
      typeof WriteWrap === 'function' &&
      streamBaseState instanceof Int32Array &&
      typeof kLastWriteWasAsync === 'number';
    return known ? { WriteWrap, streamBaseState, kLastWriteWasAsync } : undefined;
  } catch {
    return undefined;
  }
}
