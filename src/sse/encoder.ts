/**
 * Frames a parsed event for the wire: LF only, fields in the order id, event, data, into bytes that the caller owns.
 * It refuses I/O and allocation, and leaves bytes that are no UTF-8 to `toValidUtf8`.
 */
import type { Buffer } from 'node:buffer';
import { LF } from './bytes.js';
import { type FrameId, type FramePlace, put, putData, putId, putIdBytes, putType } from './frame.js';
import type { EventRecords } from './records.js';

/**
 * Upper bound in bytes of the frame of event `i`, cheap rather than tight: it looks at no byte and at no line.
 * The parsed block bounds most of the frame; beyond it are a colon and a space per field, and two bytes more per byte
 * of the event type, because a NUL becomes U+FFFD.
 */
export function frameSize(records: EventRecords, i: number, id?: FrameId): number {
  const block = records.end(i) - records.start(i);
  const spelling = 6 + 2 * records.lineCount(i) + 2 * (records.typeEnd(i) - records.typeStart(i));
  return block + spelling + (id === undefined ? 0 : id.length + 5);
}

/**
 * Writes the frame of event `i` into `target` at `at` and returns its length in bytes. `id` stands in for the block's
 * own id or gives it one; '' writes the empty id. Without `id` the block's own is kept, or there is none.
 * A block without data becomes a frame without data, which moves the last event id of a client and dispatches nothing.
 */
export function writeFrame(
  target: Buffer,
  at: number,
  bytes: Buffer,
  records: EventRecords,
  i: number,
  id: FrameId | undefined,
  place: FramePlace,
): number {
  if (records.verbatim(i)) return writeVerbatim(target, at, bytes, records, i, id, place);
  return writeFields(target, at, bytes, records, i, id, place);
}

/** The slow twin of the verbatim copy, right for every record: field by field. */
export function writeFields(
  target: Buffer,
  start: number,
  bytes: Buffer,
  records: EventRecords,
  i: number,
  id: FrameId | undefined,
  place: FramePlace,
): number {
  let at = start;
  if (id !== undefined) at = putId(target, at, id, place);
  else if (records.hasId(i)) {
    at = putIdBytes(target, at, bytes, records.idStart(i), records.idEnd(i), place);
  } else place.clear();
  const lines = records.lineCount(i);
  if (lines > 0 && records.typeEnd(i) > records.typeStart(i)) {
    at = putType(target, at, bytes, records.typeStart(i), records.typeEnd(i));
  }
  const first = records.firstLine(i);
  for (let k = first; k < first + lines; k++) {
    at = putData(target, at, bytes, records.lineStart(k), records.lineEnd(k));
  }
  target[at] = LF;
  return at + 1 - start;
}

/**
 * A block that is spelled as we spell it is copied in one go. It saves a copy and a field name per line, and most
 * upstreams spell so. Another id costs nothing more: the block's own is its first line.
 */
function writeVerbatim(
  target: Buffer,
  start: number,
  bytes: Buffer,
  records: EventRecords,
  i: number,
  id: FrameId | undefined,
  place: FramePlace,
): number {
  let from = records.start(i);
  let at = start;
  if (id !== undefined) {
    at = putId(target, at, id, place);
    if (records.hasId(i)) from = records.idEnd(i) + 1;
  } else if (records.hasId(i)) {
    place.idOffset = records.idStart(i) - from;
    place.idLength = records.idEnd(i) - records.idStart(i);
  } else place.clear();
  return put(target, at, bytes, from, records.end(i)) - start;
}
