import { Socket } from 'node:net';
import { directHandle } from '../../src/downstream/direct-write.js';

/** Where Node says how the last write by a handle went: a handle of a test's own says it there too. */
interface StreamWrap {
  readonly streamBaseState: Int32Array;
  readonly kLastWriteWasAsync: number;
}

export const { streamBaseState, kLastWriteWasAsync } = (
  process as unknown as { binding(name: 'stream_wrap'): StreamWrap }
).binding('stream_wrap');

// It is looked up for the first real socket that asks; a handle of a test's own asks for nothing.
directHandle(new Socket());
