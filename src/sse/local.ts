/**
 * Frames an event that was made here rather than parsed, for `publish()`. It owns the rules for what a caller may put
 * into an event, answers with a code instead of throwing, and refuses I/O.
 */
import { Buffer } from 'node:buffer';
import { CR, LF } from './bytes.js';
import {
  DATA_FIELD,
  EVENT_FIELD,
  type FrameId,
  type FramePlace,
  ID_FIELD,
  putData,
  putId,
  putType,
} from './frame.js';
import { toValidUtf8 } from './utf8.js';

export interface LocalEvent {
  /** Without CR, LF and NUL. The empty id is allowed: it sets a client's last event id to nothing. */
  readonly id?: string | undefined;
  /** Event type without CR, LF and NUL; empty or absent: `message`. */
  readonly event?: string | undefined;
  /** Any text, or its UTF-8 bytes; each LF, CR LF and CR in it begins a new data line, so that a client sees a LF. */
  readonly data: string | Uint8Array;
}

/** Why an event can't be framed: which part of it is of a wrong type, or has a CR, a LF or a NUL in it. */
export type LocalCode = 'not-an-event' | 'id-invalid' | 'event-invalid' | 'data-invalid' | undefined;

/** A local event, ready to be framed: everything in UTF-8, the size known. */
export interface PreparedEvent {
  readonly id: Uint8Array | undefined;
  readonly type: Uint8Array | undefined;
  readonly data: Uint8Array;
  readonly lines: number;
}

const FORBIDDEN = /[\0\n\r]/;

/** Says whether the event can be framed. */
export function checkLocal(input: unknown): LocalCode {
  if (typeof input !== 'object' || input === null) return 'not-an-event';
  const { id, event, data } = input as Partial<Record<keyof LocalEvent, unknown>>;
  if (!isField(id)) return 'id-invalid';
  if (!isField(event)) return 'event-invalid';
  return typeof data === 'string' || data instanceof Uint8Array ? undefined : 'data-invalid';
}

function isField(value: unknown): boolean {
  return value === undefined || (typeof value === 'string' && !FORBIDDEN.test(value));
}

/** Encodes an event that `checkLocal` has no objection to. Bytes that are no UTF-8 are repaired, lone surrogates too. */
export function prepareLocal(event: LocalEvent): PreparedEvent {
  const data = typeof event.data === 'string' ? Buffer.from(event.data) : toValidUtf8(event.data);
  return {
    id: event.id === undefined ? undefined : Buffer.from(event.id),
    type: event.event === undefined || event.event === '' ? undefined : Buffer.from(event.event),
    data,
    lines: countLines(data),
  };
}

/** Upper bound in bytes of the frame; `id` as for `writeLocal`. */
export function localSize(event: PreparedEvent, id: FrameId | undefined = event.id): number {
  const head = id === undefined ? 0 : ID_FIELD.length + id.length + 1;
  const type = event.type === undefined ? 0 : EVENT_FIELD.length + event.type.length + 1;
  return head + type + event.data.length + event.lines * (DATA_FIELD.length + 1) + 1;
}

/**
 * Writes the frame into `target` at `start` and returns its length in bytes. `id` stands in for the event's own id or
 * gives it one; without both the frame has none.
 */
export function writeLocal(
  target: Buffer,
  start: number,
  event: PreparedEvent,
  id: FrameId | undefined,
  place: FramePlace,
): number {
  let at = start;
  const ownOrGiven = id ?? event.id;
  if (ownOrGiven !== undefined) at = putId(target, at, ownOrGiven, place);
  else place.clear();
  if (event.type !== undefined) at = putType(target, at, event.type, 0, event.type.length);
  const { data } = event;
  for (let from = 0; ; ) {
    let to = from;
    while (to < data.length && data[to] !== LF && data[to] !== CR) to++;
    at = putData(target, at, data, from, to);
    if (to === data.length) break;
    from = data[to] === CR && data[to + 1] === LF ? to + 2 : to + 1;
  }
  target[at] = LF;
  return at + 1 - start;
}

function countLines(data: Uint8Array): number {
  let lines = 1;
  for (let k = 0; k < data.length; k++) {
    if (data[k] === LF || (data[k] === CR && data[k + 1] !== LF)) lines++;
  }
  return lines;
}
