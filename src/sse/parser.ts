/**
 * text/event-stream, incrementally: chunks in, records of complete events out (WHATWG HTML §9.2.5 and §9.2.6).
 * It owns the border between chunks: the byte order mark, the line end cut in two, the event cut in pieces. It refuses
 * I/O, clocks, decoding `data` and repairing UTF-8.
 *
 *     chunk   [ rest of A | B | C | D | first part of E ]
 *     carry   [ A ........ ]                                A: one call, from the carry
 *     records              [ B | C | D ]                    one call, from the chunk itself
 *     carry                             [ E .......... ]    kept for the next feed
 *
 * Only A and E are copied. The carry takes no more of a chunk than A needs (in growing steps) and is never scanned
 * twice; both together make any chunk size linear.
 */
import type { Buffer } from 'node:buffer';
import { BOM, CR, LF } from './bytes.js';
import { Carry } from './carry.js';
import { EventRecords } from './records.js';
import { scan } from './scan.js';
import { ScanState } from './state.js';

/** A block, or a line outside a block, is longer than `maxEventBytes`. */
export type FeedCode = 'event-too-large' | undefined;

/** The bytes of an unfinished event: `bytes[start … end)`, valid until the next `feed` or `reset`. */
export interface OpenSpan {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

export interface ParserOptions {
  /** Longest event in bytes, from its first field line to its blank line; also the longest single line. */
  readonly maxEventBytes: number;
}

/**
 * Called synchronously from `feed` with at least one complete event. Bytes and records are valid only during the call.
 * It may call `reset`: the rest of the chunk is then dropped. It must not throw and must not call `feed`.
 */
export type OnEvents = (bytes: Buffer, records: EventRecords) => void;

/** How much of a chunk is first appended to an event cut in pieces; doubled until the event ends. */
const FIRST_STEP = 512;

/** What a busy parser may hold from one carried event to the next; more than that served an unusual event. */
const BUSY_BYTES = 16_384;

/**
 * The records of whole chunks are needed only while `feed` runs, so that all parsers share one: ten thousand channels
 * would otherwise each hold arrays for the busiest chunk they ever saw. Taken out while in use, because a callback may
 * feed another parser.
 */
let spare: EventRecords | undefined;

export class Parser {
  readonly #onEvents: OnEvents;
  readonly #maxEventBytes: number;
  #state: ScanState;
  #carry = new Carry();
  /** Records of the carried event; exists only while there is one. */
  #carried: EventRecords | undefined;
  #bomMatched = 0;

  constructor(onEvents: OnEvents, options: ParserOptions) {
    this.#onEvents = onEvents;
    this.#maxEventBytes = options.maxEventBytes;
    this.#state = new ScanState(options.maxEventBytes);
  }

  /** Last valid `retry` field of this connection in ms, −1 when none was sent. */
  get retry(): number {
    return this.#state.retry;
  }

  /** The event whose end has not been seen yet, for streams that forward large events early. */
  get open(): OpenSpan | undefined {
    const end = this.#carry.length;
    return end === 0 ? undefined : { bytes: this.#carry.view(), start: 0, end };
  }

  /** Bytes of memory held between two feeds. */
  get heldBytes(): number {
    return this.#carry.capacity + (this.#carried?.byteLength ?? 0);
  }

  /** Bytes copied on this connection; with `scannedBytes` the proof that no chunk size costs more than linear work. */
  get copiedBytes(): number {
    return this.#carry.copied;
  }

  /** Bytes looked at on this connection. */
  get scannedBytes(): number {
    return this.#state.scanned;
  }

  /** A new connection: nothing of the old one is left, neither in the rules nor in memory. */
  reset(): void {
    this.#state = new ScanState(this.#maxEventBytes);
    this.#carry = new Carry();
    this.#carried = undefined;
    this.#bomMatched = 0;
  }

  /**
   * The next bytes of the stream, of any length; they are not kept. Complete events go to `onEvents`, at most twice per
   * call. After a code the parser is dead: it gives the same code for everything until `reset`.
   */
  feed(chunk: Buffer): FeedCode {
    const state = this.#state;
    if (!state.tooLarge && chunk.length > 0) {
      let at = this.#bomMatched < BOM.length ? this.#skipBom(chunk) : 0;
      if (this.#carry.length > 0) at = this.#finish(chunk, at);
      if (at < chunk.length && !state.tooLarge && state === this.#state) this.#pass(chunk, at);
    }
    if (!state.tooLarge || state !== this.#state) return undefined;
    this.#release();
    return 'event-too-large';
  }

  /** Returns the offset of the first byte that is no part of a byte order mark. */
  #skipBom(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && chunk[at] === BOM[this.#bomMatched]) {
      at++;
      if (++this.#bomMatched === BOM.length) return at;
    }
    if (at < chunk.length) {
      // Not a mark. What looked like one begins a line that no field's name begins with, so it needs no keeping.
      if (this.#bomMatched > 0) this.#state.ignored = this.#bomMatched;
      this.#bomMatched = BOM.length;
    }
    return at;
  }

  /** Goes on with the carried event until it ends; returns the offset in `chunk` where it did. */
  #finish(chunk: Buffer, from: number): number {
    const state = this.#state;
    const carry = this.#carry;
    if (goesOn(state, chunk, from, carry.length)) {
      carry.append(chunk, from, chunk.length);
      return chunk.length;
    }
    const records = this.#carried!;
    let at = from;
    // A short piece for a short event, a large one for an event that is large already: what is copied in vain stays
    // in proportion to the event.
    for (let step = Math.max(FIRST_STEP, carry.length); at < chunk.length; step *= 2) {
      const before = carry.length;
      carry.append(chunk, at, Math.min(at + step, chunk.length));
      const bytes = carry.view();
      const used = scan(state, bytes, before, records, true);
      at += used - before;
      if (records.count > 0) this.#onEvents(bytes, records);
      if (state.tooLarge || state !== this.#state) return at;
      if (state.keep === used) {
        this.#rest(at === chunk.length);
        return at;
      }
    }
    return at;
  }

  /** Scans the chunk itself; the carry is empty. */
  #pass(chunk: Buffer, from: number): void {
    const state = this.#state;
    const records = spare ?? new EventRecords();
    spare = undefined;
    records.clear();
    state.line = from;
    state.firstLine = 0;
    scan(state, chunk, from, records, false);
    if (records.count > 0) this.#onEvents(chunk, records);
    if (state === this.#state && !state.tooLarge) this.#keep(chunk, records);
    spare = records;
  }

  /** Carries over what the next feed needs of this chunk: the unfinished event, or nothing at all. */
  #keep(chunk: Buffer, records: EventRecords): void {
    const state = this.#state;
    const { keep } = state;
    if (keep === chunk.length) {
      this.#release();
      return;
    }
    this.#carry.append(chunk, keep, chunk.length);
    state.rebase(keep);
    this.#carried ??= new EventRecords();
    this.#carried.clear();
    for (let k = state.firstLine; k < records.lineTotal; k++) {
      this.#carried.addLine(records.lineStart(k) - keep, records.lineEnd(k) - keep);
    }
    state.firstLine = 0;
  }

  /** The carried event is over; unless more of the chunk follows, the stream may now be silent for hours. */
  #rest(silent: boolean): void {
    if (silent || this.heldBytes > BUSY_BYTES) this.#release();
    else this.#carry.empty();
  }

  #release(): void {
    this.#carry.release();
    this.#carried = undefined;
  }
}

/**
 * Whether the chunk is nothing but more of the open block's unfinished line, which then need not be scanned where it was
 * copied to: of an event of 1 MiB that is nearly every chunk. What else it may be, a line end cut in two or the byte that
 * is one too many, is left to the scan.
 */
function goesOn(state: ScanState, chunk: Buffer, from: number, carried: number): boolean {
  const open = carried - state.block + chunk.length - from;
  if (state.block < 0 || state.afterCr || open > state.maxBytes) return false;
  if (chunk.indexOf(LF, from) >= 0 || chunk.indexOf(CR, from) >= 0) return false;
  state.scanned += chunk.length - from;
  return true;
}
