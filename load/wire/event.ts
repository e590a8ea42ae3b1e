/**
 * The events that load runs are made of, in bytes: fixed length, each carrying its ordinal and the moment it was offered,
 * and filled in a way that a checker can verify. It refuses to know where they come from or go to.
 *
 *     id: 0000000017\n
 *     data: 0000000017 0000123456789 rrrrrrrr…\n
 *     \n
 */
import { Buffer } from 'node:buffer';

const SEQ_DIGITS = 10;
const MICROS_DIGITS = 13;
const SEQ_AT = 0;
const MICROS_AT = SEQ_DIGITS + 1;
const FILL_AT = MICROS_AT + MICROS_DIGITS + 1;
/** `id: `, `\n`, `data: `, `\n\n`. */
const FIELD_BYTES = 4 + 1 + 6 + 2;

/** The smallest event there is: one byte of filling. */
export const MIN_EVENT_BYTES = FIELD_BYTES + SEQ_DIGITS + FILL_AT + 1;

/** What an event's data says. One object, reused. */
export class Reading {
  seq = 0;
  /** When it was offered, on `monotonicMicros`. */
  micros = 0;
}

/** Frames of `bytes` bytes, one behind the other, as one write of the upstream. @throws RangeError below `MIN_EVENT_BYTES` */
export function events(firstSeq: number, count: number, bytes: number, micros: number): Buffer {
  if (bytes < MIN_EVENT_BYTES) throw new RangeError(`an event has at least ${MIN_EVENT_BYTES} bytes`);
  const out = Buffer.allocUnsafe(count * bytes);
  const time = String(micros).padStart(MICROS_DIGITS, '0');
  for (let k = 0; k < count; k += 1) {
    const seq = firstSeq + k;
    const digits = String(seq).padStart(SEQ_DIGITS, '0');
    const start = k * bytes;
    const at = start + out.write(`id: ${digits}\ndata: ${digits} ${time} `, start, 'latin1');
    out.fill(filling(seq), at, start + bytes - 2);
    out[start + bytes - 2] = 10;
    out[start + bytes - 1] = 10;
  }
  return out;
}

/** Reads and verifies the data of an event at `bytes[from … to)`; false when it is not, to the byte, what was offered. */
export function read(bytes: Uint8Array, from: number, to: number, into: Reading): boolean {
  if (to - from <= FILL_AT) return false;
  const seq = digits(bytes, from + SEQ_AT, SEQ_DIGITS);
  const micros = digits(bytes, from + MICROS_AT, MICROS_DIGITS);
  if (seq < 0 || micros < 0) return false;
  if (bytes[from + MICROS_AT - 1] !== 32 || bytes[from + FILL_AT - 1] !== 32) return false;
  const fill = filling(seq);
  for (let at = from + FILL_AT; at < to; at += 1) if (bytes[at] !== fill) return false;
  into.seq = seq;
  into.micros = micros;
  return true;
}

/** The id of an event, as `Last-Event-ID` has it. */
export function idOf(seq: number): string {
  return String(seq).padStart(SEQ_DIGITS, '0');
}

function filling(seq: number): number {
  return 97 + (seq % 26);
}

/** −1 when one of them is no digit. */
function digits(bytes: Uint8Array, from: number, count: number): number {
  let value = 0;
  for (let at = from; at < from + count; at += 1) {
    const digit = bytes[at]! - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
