/**
 * What a scan has to remember between two calls: the unfinished line, the unfinished block, the line end that may
 * still get its LF. Plain fields; it refuses to hold bytes. Offsets count in the bytes of the next call.
 */
import { FORM } from './records.js';

export class ScanState {
  /** Longest block, and longest line outside a block, in bytes. */
  readonly maxBytes: number;
  /** First byte of the unfinished line. */
  line = 0;
  /** First byte of the unfinished block, −1 while no `id`, `event` or `data` line has been seen. */
  block = -1;
  idStart = -1;
  idEnd = -1;
  typeStart = -1;
  typeEnd = -1;
  /** Index in the records of the unfinished block's first `data` line. */
  firstLine = 0;
  /** One of `FORM`; `EMPTY` while no block is open. */
  form: number = FORM.EMPTY;
  /** The last byte was a CR that ended a line: a LF right behind it belongs to it. */
  afterCr = false;
  /** The last `data` line was a short one, and the next will probably be; a guess, on which no result depends. */
  shortLines = false;
  /** The unfinished line says nothing and is not kept: the number of its bytes in earlier calls. −1: no such line. */
  ignored = -1;
  /** From here on the bytes are needed by the next call; what `scan` returned, when none are. */
  keep = 0;
  /** A line or a block is longer than `maxBytes`; final. */
  tooLarge = false;
  /** Reconnection time in ms, −1 while none was sent. */
  retry = -1;
  /** Bytes looked at, for the proof that the parser is linear. */
  scanned = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** The block is over; the next one has nothing of it. The one place that clears an event. */
  endBlock(): void {
    this.block = -1;
    this.idStart = -1;
    this.idEnd = -1;
    this.typeStart = -1;
    this.typeEnd = -1;
    this.form = FORM.EMPTY;
  }

  /** The bytes move down by `by`, and with them all that points into them but the records' lines. */
  rebase(by: number): void {
    this.line -= by;
    if (this.block >= 0) this.block -= by;
    if (this.idStart >= 0) {
      this.idStart -= by;
      this.idEnd -= by;
    }
    if (this.typeStart >= 0) {
      this.typeStart -= by;
      this.typeEnd -= by;
    }
  }
}
