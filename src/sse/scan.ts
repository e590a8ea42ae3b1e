/**
 * The scanning core: bytes in, integers out (WHATWG HTML §9.2.5 and §9.2.6). One function, replaceable as a whole.
 * It refuses to copy, decode or keep bytes, and to call anybody: what is needed again is named in the state.
 */
import { Buffer } from 'node:buffer';
import { COLON, CR, DATA, LF, LOWER_A, LOWER_D, LOWER_T, SPACE } from './bytes.js';
import { mayBecomeField, readField, takeId } from './fields.js';
import { type EventRecords, FORM } from './records.js';
import type { ScanState } from './state.js';
import { nearby, wordsOf } from './words.js';

/** `id: `, `data` and `: ` as words. */
const ID_WORD = Buffer.from('id: ').readInt32LE();
const DATA_WORD = DATA.readInt32LE();
const COLON_SPACE = (SPACE << 8) | COLON;
/** Up to here a line's end is found faster by words than by a native search. */
const SHORT_LINE = 72;

/**
 * Scans `bytes` from `from` to their end or, with `single`, to the first line end at which no block is open. Appends
 * the complete events to `records`, leaves the rest in `state`, and returns the offset behind the last byte used.
 * `bytes` must end where the data ends: searches run to its end.
 *
 * Once `state.tooLarge` is set the scan is over for good; what was recorded before that counts. A block is measured
 * from its first field line to the byte that ends its blank line, so that the verdict doesn't depend on chunk borders.
 */
export type Scan = (
  state: ScanState,
  bytes: Buffer,
  from: number,
  records: EventRecords,
  single: boolean,
) => number;

export const scan: Scan = (state, bytes, from, records, single) => {
  const to = bytes.length;
  const { maxBytes } = state;
  let line = state.line;
  let seek = from;
  if (state.afterCr && from < to) {
    state.afterCr = false;
    if (bytes[from] === LF) line = ++seek;
  }
  state.scanned += to - seek;
  // The next of each at or behind `seek`, `to` when there is none. Both only move forward: a stream without CR pays
  // for CR with one search per call, one of nothing but CR does not search the rest for a LF at every line.
  let cr = search(bytes, CR, seek);
  let lf = -1;

  // Only where lines are short: what a call into native code costs is then most of what finding their end costs.
  const words = state.shortLines ? wordsOf(bytes) : undefined;

  for (;;) {
    if (lf < seek) {
      lf = words !== undefined ? nearby(words, LF, seek, to) : ~seek;
      if (lf < 0) lf = search(bytes, LF, ~lf);
    }
    const end = lf < cr ? lf : cr;
    if (end === to) break;
    seek = end + 1;
    if (end === cr) {
      state.form = FORM.LOOSE;
      if (seek === to) state.afterCr = true;
      else if (bytes[seek] === LF) seek++;
      cr = search(bytes, CR, seek);
    }

    if (state.ignored >= 0) {
      if (state.ignored + end - line > maxBytes) return overflow(state, seek);
      state.ignored = -1;
    } else if (end === line) {
      if (state.block >= 0) {
        if (end + 1 - state.block > maxBytes) return overflow(state, seek);
        dispatch(state, end + 1, records);
      }
    } else if (
      // Nearly every line is this one; it is read here, without the detour over the names of fields.
      end - line >= 6 &&
      isData(bytes, words, line)
    ) {
      records.addLine(line + 6, end);
      state.shortLines = end - line < SHORT_LINE;
      if (state.block < 0) state.block = line;
      if (state.form < FORM.DATA) state.form = FORM.DATA;
      if (seek < to && bytes[seek] === LF) {
        // And nearly always the blank line is next; taken along, it saves a turn of this loop.
        if (seek + 1 - state.block > maxBytes) return overflow(state, seek);
        dispatch(state, ++seek, records);
      }
    } else {
      // Before the line is read: a `retry` behind the limit counts in no chunks.
      if (end - (state.block < 0 ? line : state.block) > maxBytes) return overflow(state, seek);
      // The line that most events begin with.
      if (words !== undefined && end - line >= 4 && words.getInt32(line, true) === ID_WORD) {
        takeId(state, bytes, line, line + 4, end);
      } else readField(state, bytes, line, end, records);
    }
    line = seek;
    if (state.block < 0) {
      state.form = FORM.EMPTY;
      if (single) return leave(state, bytes, line, seek);
    }
  }
  return leave(state, bytes, line, to);
};

/** Whether a line of at least six bytes begins with `data: `. */
function isData(bytes: Buffer, words: DataView | undefined, line: number): boolean {
  if (words !== undefined) {
    return words.getInt32(line, true) === DATA_WORD && words.getUint16(line + 4, true) === COLON_SPACE;
  }
  return (
    bytes[line] === LOWER_D &&
    bytes[line + 1] === LOWER_A &&
    bytes[line + 2] === LOWER_T &&
    bytes[line + 3] === LOWER_A &&
    bytes[line + 4] === COLON &&
    bytes[line + 5] === SPACE
  );
}

/** A blank line ends the block: it becomes a record if it dispatches an event or moves the last event id. */
function dispatch(state: ScanState, end: number, records: EventRecords): void {
  const lines = records.lineTotal - state.firstLine;
  if (lines > 0 || state.idStart >= 0) {
    // A type without data names nothing; the canonical frame doesn't have it.
    const form = lines === 0 && state.typeStart >= 0 ? FORM.LOOSE : state.form;
    const { block, idStart, idEnd, typeStart, typeEnd, firstLine } = state;
    records.add(block, end, idStart, idEnd, typeStart, typeEnd, firstLine, form);
    state.firstLine = records.lineTotal;
  }
  state.endBlock();
}

/** The bytes up to `to` are used up: settles what of them must be seen again. */
function leave(state: ScanState, bytes: Buffer, line: number, to: number): number {
  state.line = line;
  state.keep = to;
  let open = to - line;
  if (state.block >= 0) {
    state.keep = state.block;
    open = to - state.block;
  } else if (state.ignored >= 0) {
    state.ignored += open;
    open = state.ignored;
  } else if (open > 0) {
    // A comment can be endless and the heartbeats of days are comments: no byte of it is kept.
    if (mayBecomeField(bytes, line, to)) state.keep = line;
    else state.ignored = open;
  }
  return open > state.maxBytes ? overflow(state, to) : to;
}

function overflow(state: ScanState, at: number): number {
  state.tooLarge = true;
  return at;
}

/** Offset of the next `byte`, `bytes.length` when there is none. The native search looks at many bytes per cycle. */
function search(bytes: Buffer, byte: number, from: number): number {
  const at = bytes.indexOf(byte, from);
  return at < 0 ? bytes.length : at;
}
