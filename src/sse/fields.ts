/**
 * What one line says (WHATWG HTML §9.2.6, the rules for a field). It refuses to look for line ends, and the blank line
 * is not its business.
 */
import type { Buffer } from 'node:buffer';
import { COLON, DATA, EVENT, ID, NINE, NUL, RETRY, SPACE, ZERO } from './bytes.js';
import { type EventRecords, FORM } from './records.js';
import type { ScanState } from './state.js';

/**
 * Reads the line `line … end` (no line end in it, at least one byte) into the unfinished block. The first `id`, `event`
 * or `data` line opens a block; comments, `retry` and unknown fields don't.
 */
export function readField(
  state: ScanState,
  bytes: Buffer,
  line: number,
  end: number,
  records: EventRecords,
): void {
  if (isNamed(bytes, line, end, ID)) readId(state, bytes, line, end);
  else if (isNamed(bytes, line, end, EVENT)) readType(state, bytes, line, end);
  else if (isNamed(bytes, line, end, DATA)) {
    const value = valueStart(bytes, line + DATA.length, end);
    const spaced = value === line + DATA.length + 2;
    if (state.block < 0) state.block = line;
    state.form = spaced && state.form <= FORM.DATA ? FORM.DATA : FORM.LOOSE;
    records.addLine(value, end);
  } else {
    if (state.block >= 0) state.form = FORM.LOOSE;
    if (isNamed(bytes, line, end, RETRY)) readRetry(state, bytes, line, end);
  }
}

/** Whether the line that begins with `line … to` can still turn out to be a field that has a meaning. */
export function mayBecomeField(bytes: Buffer, line: number, to: number): boolean {
  return (
    startsLike(bytes, line, to, DATA) ||
    startsLike(bytes, line, to, EVENT) ||
    startsLike(bytes, line, to, ID) ||
    startsLike(bytes, line, to, RETRY)
  );
}

/** Whether a NUL is in `from … to`. */
export function hasNul(bytes: Uint8Array, from: number, to: number): boolean {
  for (let k = from; k < to; k++) if (bytes[k] === NUL) return true;
  return false;
}

function readId(state: ScanState, bytes: Buffer, line: number, end: number): void {
  takeId(state, bytes, line, valueStart(bytes, line + ID.length, end), end);
}

/** An `id` line whose value is `value … end`. */
export function takeId(state: ScanState, bytes: Buffer, line: number, value: number, end: number): void {
  const spaced = value === line + ID.length + 2;
  if (state.block < 0) state.block = line;
  if (hasNul(bytes, value, end)) {
    state.form = FORM.LOOSE;
    return;
  }
  state.idStart = value;
  state.idEnd = end;
  state.form = spaced && state.form === FORM.EMPTY ? FORM.ID : FORM.LOOSE;
}

function readType(state: ScanState, bytes: Buffer, line: number, end: number): void {
  const value = valueStart(bytes, line + EVENT.length, end);
  const spaced = value === line + EVENT.length + 2;
  if (state.block < 0) state.block = line;
  state.typeStart = value;
  state.typeEnd = end;
  const plain = spaced && value < end && !hasNul(bytes, value, end);
  state.form = plain && state.form < FORM.EVENT ? FORM.EVENT : FORM.LOOSE;
}

/**
 * ASCII digits only; valid at once, also when the block never ends. An empty value is no number and changes nothing;
 * one that no integer holds is the largest that a double holds.
 */
function readRetry(state: ScanState, bytes: Buffer, line: number, end: number): void {
  const from = valueStart(bytes, line + RETRY.length, end);
  if (from === end) return;
  let ms = 0;
  for (let k = from; k < end; k++) {
    const digit = bytes[k]!;
    if (digit < ZERO || digit > NINE) return;
    if (ms < Number.MAX_SAFE_INTEGER) ms = ms * 10 + digit - ZERO;
  }
  state.retry = Math.min(ms, Number.MAX_SAFE_INTEGER);
}

/** Whether the line is a field of that name: the name, and behind it a colon or nothing. */
function isNamed(bytes: Buffer, line: number, end: number, name: Buffer): boolean {
  const behind = line + name.length;
  if (behind > end) return false;
  for (let k = 0; k < name.length; k++) if (bytes[line + k] !== name[k]) return false;
  return behind === end || bytes[behind] === COLON;
}

/** Behind a field's name: the colon and one space are no part of the value; without a colon the value is empty. */
function valueStart(bytes: Buffer, behindName: number, end: number): number {
  if (behindName === end) return end;
  const value = behindName + 1;
  return value < end && bytes[value] === SPACE ? value + 1 : value;
}

function startsLike(bytes: Buffer, line: number, to: number, name: Buffer): boolean {
  const known = Math.min(to - line, name.length);
  for (let k = 0; k < known; k++) if (bytes[line + k] !== name[k]) return false;
  return line + known === to || bytes[line + known] === COLON;
}
