/**
 * What the parser found, as offsets into the bytes it was found in: a struct of arrays, reused, no object per event.
 * It owns two integer arrays and refuses to hold bytes; whoever reads it brings the bytes that came along with it.
 *
 *     slots   [ start end | idStart idEnd | typeStart typeEnd | firstLine lineCount | form ]  per event
 *     lines   [ from to ]                                                                     per `data` line
 */

/**
 * How far a block has kept to the canonical order of fields; the order of the values is the order of the fields.
 * `LOOSE` is final: something in the block is spelled in another way than our encoder spells it.
 */
export const FORM = { EMPTY: 0, ID: 1, EVENT: 2, DATA: 3, LOOSE: 4 } as const;

/** Integers per event in `slots`. */
const STRIDE = 9;
const FIRST_EVENTS = 16;
const FIRST_LINES = 32;

export class EventRecords {
  /** Events recorded; valid indices are 0 … count − 1. */
  count = 0;
  #slots = new Int32Array(FIRST_EVENTS * STRIDE);
  #lines = new Int32Array(FIRST_LINES * 2);
  #lineTotal = 0;

  /** First byte of the block: that of its first `id`, `event` or `data` line. What stands before is no part of it. */
  start(i: number): number {
    return this.#slots[i * STRIDE]!;
  }

  /** The byte behind the block's blank line (behind its CR, if it ended with CR LF). */
  end(i: number): number {
    return this.#slots[i * STRIDE + 1]!;
  }

  /** First byte of the block's id, −1 when no valid `id` field is in it. The last one wins; one with a NUL is ignored. */
  idStart(i: number): number {
    return this.#slots[i * STRIDE + 2]!;
  }

  /** The byte behind the id. Equal to `idStart`: an empty id, which sets the last event id to nothing. */
  idEnd(i: number): number {
    return this.#slots[i * STRIDE + 3]!;
  }

  /** First byte of the event type, −1 when there is no `event` field. −1 and empty both mean `message`. */
  typeStart(i: number): number {
    return this.#slots[i * STRIDE + 4]!;
  }

  /** The byte behind the event type. */
  typeEnd(i: number): number {
    return this.#slots[i * STRIDE + 5]!;
  }

  /** Index of the first `data` line, for `lineStart` and `lineEnd`. */
  firstLine(i: number): number {
    return this.#slots[i * STRIDE + 6]!;
  }

  /**
   * Number of `data` lines. 0: the block dispatches nothing, it only moves the last event id. One empty line already
   * dispatches an event whose data is empty (WHATWG HTML §9.2.6: each field appends its value *and* a LF, so the
   * buffer is not empty; WPT eventsource/format-field-data).
   */
  lineCount(i: number): number {
    return this.#slots[i * STRIDE + 7]!;
  }

  /** Whether the block carries a valid id field, the empty one included. */
  hasId(i: number): boolean {
    return this.#slots[i * STRIDE + 2]! >= 0;
  }

  /**
   * Whether the block's bytes are what `writeFrame` would make of it, so that a relay may copy `start … end` as is:
   * LF line ends only; nothing but at most one `id`, then at most one `event`, then `data` lines; exactly one space
   * behind each colon; no empty event type, none with a NUL, and none in a block without data. UTF-8 is not looked at.
   */
  verbatim(i: number): boolean {
    return this.#slots[i * STRIDE + 8]! !== FORM.LOOSE;
  }

  /** First byte of the value of `data` line `k`. */
  lineStart(k: number): number {
    return this.#lines[k * 2]!;
  }

  /** The byte behind that value; the line end is not part of it. */
  lineEnd(k: number): number {
    return this.#lines[k * 2 + 1]!;
  }

  /** Lines of all recorded events and of the unfinished one. */
  get lineTotal(): number {
    return this.#lineTotal;
  }

  /** Size of both arrays in bytes. */
  get byteLength(): number {
    return this.#slots.byteLength + this.#lines.byteLength;
  }

  /** Forgets everything; the arrays stay. */
  clear(): void {
    this.count = 0;
    this.#lineTotal = 0;
  }

  /** Appends a `data` line of the unfinished event. */
  addLine(from: number, to: number): void {
    const at = this.#lineTotal * 2;
    if (at === this.#lines.length) this.#lines = doubled(this.#lines);
    this.#lines[at] = from;
    this.#lines[at + 1] = to;
    this.#lineTotal++;
  }

  /** The unfinished event is complete: it takes the lines from `firstLine` on. */
  add(
    start: number,
    end: number,
    idStart: number,
    idEnd: number,
    typeStart: number,
    typeEnd: number,
    firstLine: number,
    form: number,
  ): void {
    const at = this.count * STRIDE;
    if (at === this.#slots.length) this.#slots = doubled(this.#slots);
    const slots = this.#slots;
    slots[at] = start;
    slots[at + 1] = end;
    slots[at + 2] = idStart;
    slots[at + 3] = idEnd;
    slots[at + 4] = typeStart;
    slots[at + 5] = typeEnd;
    slots[at + 6] = firstLine;
    slots[at + 7] = this.#lineTotal - firstLine;
    slots[at + 8] = form;
    this.count++;
  }
}

function doubled(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
