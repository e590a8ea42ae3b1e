/**
 * A second opinion on `text/event-stream` (WHATWG HTML, 9.2.6): the plainest reading that is right, line by line on
 * strings. It shares nothing with the gateway's parser, so that the two can disagree.
 * It refuses speed at any price and limits: it trusts its test.
 */

export interface SseEvent {
  /** The last event id when the event was dispatched, as an EventSource reports it. */
  readonly id: string;
  /** The id the event itself carries, undefined if it has no valid `id` field. */
  readonly idField: string | undefined;
  /** `message` unless the event names another. */
  readonly type: string;
  readonly data: string;
}

export interface SseParts {
  event(event: SseEvent): void;
  /** Text behind the colon, as it stands. */
  comment(text: string): void;
  /** Milliseconds of a valid `retry` field. */
  retry(ms: number): void;
}

const LF = 10;
const CR = 13;
const NONE: Buffer = Buffer.alloc(0);

export class SseLines {
  readonly #parts: SseParts;
  /** Bytes of the line that is not complete. */
  #rest = NONE;
  #first = true;
  /** The last complete line ended with a CR at the end of a piece: an LF that follows belongs to it. */
  #afterCr = false;
  #lastEventId: string;
  #data: string[] = [];
  #type = '';
  #id: string | undefined;
  #fields = 0;

  /** `lastEventId`: what a reconnecting client already has. */
  constructor(parts: SseParts, lastEventId = '') {
    this.#parts = parts;
    this.#lastEventId = lastEventId;
  }

  /** The last event id string: that of the last complete block. */
  get lastEventId(): string {
    return this.#lastEventId;
  }

  /** No line and no event is unfinished. A comment behind the last event does not count as an event. */
  get atBoundary(): boolean {
    return this.#rest.length === 0 && this.#fields === 0;
  }

  /** Takes the next bytes of the body; they are copied where they are kept. */
  push(bytes: Buffer): void {
    let piece = bytes;
    if (this.#afterCr && piece.length > 0) {
      this.#afterCr = false;
      if (piece[0] === LF) piece = piece.subarray(1);
    }
    // Line ends are ASCII, so whole lines can be decoded without regard to characters split between pieces.
    const end = Math.max(piece.lastIndexOf(LF), piece.lastIndexOf(CR)) + 1;
    if (end === 0) {
      this.#rest = Buffer.concat([this.#rest, piece]);
      return;
    }
    const whole = piece.subarray(0, end);
    let text = (this.#rest.length > 0 ? Buffer.concat([this.#rest, whole]) : whole).toString('utf8');
    this.#rest = end === piece.length ? NONE : Buffer.from(piece.subarray(end));
    this.#afterCr = end === piece.length && piece[end - 1] === CR;
    if (this.#first) {
      this.#first = false;
      if (text.startsWith('\uFEFF')) text = text.slice(1);
    }
    const lines = text.split(/\r\n|\n|\r/);
    lines.pop();
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    if (line === '') {
      this.#dispatch();
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) {
      this.#parts.comment(line.slice(1));
      return;
    }
    this.#fields += 1;
    const name = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? '' : line.slice(colon + 1);
    if (value.startsWith(' ')) value = value.slice(1);
    if (name === 'data') this.#data.push(value);
    else if (name === 'event') this.#type = value;
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
    else if (name === 'retry' && /^[0-9]+$/.test(value)) this.#parts.retry(Number(value));
  }

  #dispatch(): void {
    const idField = this.#id;
    const data = this.#data;
    const type = this.#type === '' ? 'message' : this.#type;
    this.#id = undefined;
    this.#type = '';
    this.#fields = 0;
    if (idField !== undefined) this.#lastEventId = idField;
    if (data.length === 0) return;
    this.#data = [];
    this.#parts.event({ id: this.#lastEventId, idField, type, data: data.join('\n') });
  }
}
