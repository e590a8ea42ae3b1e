/**
 * A cursor: a position in a log. Lag is derived, never stored; nothing is queued. It refuses to decide what to do when
 * history is gone: it says which nothing it read, and its owner moves it.
 */
import type { EventLog } from './event-log.js';
import type { Slice } from './slice.js';

/**
 * `tip`: everything was read. `behind`: there is more to read. `trimmed`: the floor passed the cursor, which stays
 * until it is moved. `truncated`: events it had read were taken back; it stands where the log goes on, and the read
 * after the one that said so goes on there.
 */
export type CursorState = 'tip' | 'behind' | 'trimmed' | 'truncated';

export class Cursor {
  readonly log: EventLog;
  #position = 0;
  /** The seq at the position: below the floor the log can no longer tell it, and it is what says how much was lost. */
  #seq = 0;
  #told = false;

  /** @param at a position as for `moveTo`, or another cursor of the log, which stays where it is */
  constructor(log: EventLog, at: number | Cursor) {
    this.log = log;
    if (typeof at === 'number') {
      this.moveTo(at);
      return;
    }
    this.#position = at.#position;
    this.#seq = at.#seq;
    this.#told = at.#told;
  }

  /** Another one that stands here. */
  copy(): Cursor {
    return new Cursor(this.log, this);
  }

  get position(): number {
    return this.#position;
  }

  /** Seq of the next event to be read. Below the floor: of the first one lost, if the cursor was placed above. */
  get seq(): number {
    return this.#seq;
  }

  /** Bytes between here and the tip, trimmed ones included. */
  get lag(): number {
    return this.log.lagAt(this.#position);
  }

  /** Events between here and the tip, trimmed ones included. */
  get pending(): number {
    return Math.max(this.log.tipSeq - this.#seq, 0);
  }

  get state(): CursorState {
    if (this.#position === this.log.tip) return this.#told ? 'truncated' : 'tip';
    if (this.#told || this.log.truncationAt(this.#position)) return 'truncated';
    const position = this.log.resolve(this.#position);
    if (position < this.log.floor) return 'trimmed';
    return position < this.log.tip ? 'behind' : 'tip';
  }

  /**
   * The next whole events, at most `maxBytes` (one event may be larger). The slice is pinned for the caller, who unpins
   * it when its bytes are no longer needed; the cursor stands behind it already. Undefined: `state` says why.
   */
  read(maxBytes: number): Slice | undefined {
    // Nothing that was taken back reaches up to the tip.
    if (this.#position === this.log.tip) {
      this.#told = false;
      return undefined;
    }
    const truncation = this.log.truncationAt(this.#position);
    this.#told = truncation !== undefined;
    if (truncation) {
      this.#position = truncation.resume;
      this.#seq = truncation.seq;
      return undefined;
    }
    const slice = this.log.slice(this.#position, maxBytes);
    if (!slice) return undefined;
    slice.pin();
    this.#position = slice.to;
    this.#seq = slice.seq + slice.events;
    return slice;
  }

  /**
   * Places the cursor: at the first event that begins at or behind `position`, beyond the tip at the tip. Below the
   * floor it is `trimmed`, and its seq is the floor's.
   */
  moveTo(position: number): void {
    const { log } = this;
    this.#told = false;
    this.#seq = log.seqAt(position);
    this.#position = position < log.floor ? position : log.positionOf(this.#seq);
  }
}
