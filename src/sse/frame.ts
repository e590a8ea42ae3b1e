/**
 * Pieces of the canonical spelling, shared by everything that writes event streams: LF line ends, one space behind each
 * colon, fields in the order id, event, data. It owns the byte copying and refuses to know where an event comes from.
 */
import { Buffer } from 'node:buffer';
import { LF, NUL, REPLACEMENT } from './bytes.js';
import { hasNul } from './fields.js';

/** An id to be written: ASCII as a string, anything else as UTF-8 bytes. Without CR, LF and NUL, which is not checked. */
export type FrameId = string | Uint8Array;

/** Where in a frame the value of its id stands; one object, reused, so that framing makes none per event. */
export class FramePlace {
  /** Offset from the first byte of the frame, −1 when the frame has no id. */
  idOffset = -1;
  /** Bytes; 0 is an id too, the empty one. */
  idLength = 0;

  clear(): void {
    this.idOffset = -1;
    this.idLength = 0;
  }
}

export const ID_FIELD = Buffer.from('id: ');
export const EVENT_FIELD = Buffer.from('event: ');
export const DATA_FIELD = Buffer.from('data: ');

/** Up to here a loop is over before a native copy has begun, and leaves no view behind. */
const SHORT_BYTES = 96;

/** Copies `bytes[from … to)` to `target` at `at`; returns the offset behind it. */
export function put(target: Buffer, at: number, bytes: Uint8Array, from: number, to: number): number {
  if (to - from > SHORT_BYTES) target.set(bytes.subarray(from, to), at);
  else for (let k = from, t = at; k < to; k++, t++) target[t] = bytes[k]!;
  return at + to - from;
}

/** Writes the id line of a frame that begins at `start` and notes in `place` where the value is. */
export function putId(target: Buffer, start: number, id: FrameId, place: FramePlace): number {
  if (typeof id !== 'string') return putIdBytes(target, start, id, 0, id.length, place);
  let at = put(target, start, ID_FIELD, 0, ID_FIELD.length);
  place.idOffset = ID_FIELD.length;
  place.idLength = id.length;
  for (let k = 0; k < id.length; k++) target[at++] = id.charCodeAt(k);
  target[at] = LF;
  return at + 1;
}

/** The same with an id that lies in other bytes. */
export function putIdBytes(
  target: Buffer,
  start: number,
  bytes: Uint8Array,
  from: number,
  to: number,
  place: FramePlace,
): number {
  const at = put(target, put(target, start, ID_FIELD, 0, ID_FIELD.length), bytes, from, to);
  place.idOffset = ID_FIELD.length;
  place.idLength = to - from;
  target[at] = LF;
  return at + 1;
}

/** Writes the event line. A NUL, which no client must be sent in an event type, becomes U+FFFD. */
export function putType(target: Buffer, start: number, bytes: Uint8Array, from: number, to: number): number {
  let at = put(target, start, EVENT_FIELD, 0, EVENT_FIELD.length);
  if (!hasNul(bytes, from, to)) at = put(target, at, bytes, from, to);
  else {
    for (let k = from; k < to; k++) {
      if (bytes[k] === NUL) at = put(target, at, REPLACEMENT, 0, REPLACEMENT.length);
      else target[at++] = bytes[k]!;
    }
  }
  target[at] = LF;
  return at + 1;
}

/** Writes one data line; the value has no line end in it. */
export function putData(target: Buffer, start: number, bytes: Uint8Array, from: number, to: number): number {
  const at = put(target, put(target, start, DATA_FIELD, 0, DATA_FIELD.length), bytes, from, to);
  target[at] = LF;
  return at + 1;
}
