/**
 * The log: the retained bytes of one channel. Memory only. It refuses I/O, clocks (times are passed in) and any idea of
 * what SSE is: events are byte runs with a seq, perhaps an id, and a tag.
 *
 *      retired, pinned          history (one more pin on each segment)
 *     ┌───────────────┐  ┌───────────────┬─────────────────────┬───────────────────────────────┐
 *     │ seg 6    pin 1│  │ seg 7    pin 2│ seg 8          pin 1│ seg 9                    pin 3│
 *     │ e e e e e e e │  │·e·e·e│e e e e │ e e e e e e e e e e │ e e e e e e e e│    room      │
 *     └───────────────┘  └──────┼────────┴───────────▲─────────┴────────────────▲──────────────┘
 *       ▲                     floor                  │                         tip
 *       │                     ▲                   cursor B                    cursor A
 *     a write in flight    cursor C               lag = tip - position        at the tip
 *     holds the slab       reads 'trimmed' once
 *                          the floor passes it
 *
 * Positions count the bytes of the log's life and are never given out twice. The tip and every slice edge are event
 * boundaries; an event never spans segments. The floor moves by event, slabs go by segment. Retention decides the floor,
 * under pressure the budget does.
 *
 * The repeat check of the ingest needs hashes of events that were trimmed: `#raiseFloor` is where they are last seen.
 */
import type { Batch } from './batch.js';
import type { BudgetMember, LogBudget } from './budget.js';
import { Epochs, type EpochTable } from './epochs.js';
import { Frames } from './frames.js';
import { hashId, IdIndex } from './id-index.js';
import type { SlabPool } from './pool.js';
import { Records } from './records.js';
import { floorSeqFor, type Retention } from './retention.js';
import type { Segment } from './segment.js';
import { Segments } from './segments.js';
import type { Slice } from './slice.js';
import { Slices } from './slices.js';
import { type Truncation, Truncations } from './truncations.js';

export interface EventLogOptions extends Retention {
  readonly pool: SlabPool;
  readonly budget?: LogBudget | undefined;
  /** Filled for a few clients alone: under pressure it sheds before the others. */
  readonly private?: boolean;
  /** The life of this log: a positive integer. */
  readonly epoch: number;
  /** Seq of the first event. Default 1. */
  readonly firstSeq?: number;
  /** A segment was opened during an append, which is complete: time to look at laggards and at what is pinned. */
  readonly onRoll?: ((log: EventLog) => void) | undefined;
}

export class EventLog {
  readonly #options: EventLogOptions;
  readonly #segments: Segments;
  readonly #records: Records;
  readonly #frames: Frames;
  readonly #slices: Slices;
  readonly #ids: IdIndex;
  readonly #truncations = new Truncations();
  readonly #epochs: Epochs;
  readonly #member: BudgetMember;
  #tip = 0;
  #newestBatchSeq: number;
  #holdSeq = Number.POSITIVE_INFINITY;
  #newestIdSeq = -1;
  #closed = false;

  constructor(options: EventLogOptions) {
    const firstSeq = options.firstSeq ?? 1;
    this.#options = options;
    this.#records = new Records(firstSeq);
    this.#epochs = new Epochs(options.epoch, firstSeq);
    this.#newestBatchSeq = firstSeq;
    this.#member = {
      private: options.private ?? false,
      get heldBytes() {
        return segments.heldBytes;
      },
      get sheddableBytes() {
        return segments.sheddableBytes;
      },
      shed: () => this.#raiseFloor(segments.oldest!.nextSeq),
    };
    const segments = new Segments(options.pool, options.budget, this.#member);
    this.#segments = segments;
    this.#frames = new Frames(this.#records, segments);
    this.#slices = new Slices(this.#records, segments, this.#frames);
    this.#ids = new IdIndex(this.#records, this.#frames);
    options.budget?.join(this.#member);
  }

  /** Seq of the oldest retained event, and of the next to be written; equal when there is none. */
  get floorSeq(): number {
    return this.#records.first;
  }

  get tipSeq(): number {
    return this.#records.next;
  }

  /** Positions of the same two. */
  get floor(): number {
    return this.#records.count > 0 ? this.#records.start(this.#records.first) : this.#tip;
  }

  get tip(): number {
    return this.#tip;
  }

  /** Bytes of the retained events. */
  get bytes(): number {
    return this.lagAt(this.floor);
  }

  /** Bytes of all slabs, and of those that only pins keep. */
  get heldBytes(): number {
    return this.#segments.heldBytes;
  }

  get pinnedBytes(): number {
    return this.#segments.pinnedBytes;
  }

  /** Segments in history. */
  get segments(): number {
    return this.#segments.count;
  }

  get epoch(): number {
    return this.#epochs.current;
  }

  get epochs(): EpochTable {
    return this.#epochs;
  }

  /** Seq of the last retained event that carries an indexed id, or -1. */
  get newestWithId(): number {
    return this.#newestIdSeq >= this.floorSeq ? this.#newestIdSeq : -1;
  }

  /** Seq of the newest event ever with a tag other than 0, and of the newest such below the floor; -1 for none. */
  get newestTagged(): number {
    return this.#records.newestTag;
  }

  get newestTaggedTrimmed(): number {
    return this.#records.droppedTag;
  }

  /** Segments that only pins keep, oldest first: who has a slice from before `floor` holds one of them. */
  get pinned(): readonly Segment[] {
    return this.#segments.pinned;
  }

  /**
   * Commits a batch, which is copied. The only way in. Retention is applied, and `onRoll` called last.
   * @param now monotonic ms
   * @throws {RangeError} when the batch names a `firstSeq` that is not the tip's
   * @throws {Error} after `close`
   */
  append(batch: Batch, now: number): void {
    if (this.#closed) throw new Error('append to a closed log');
    if (batch.firstSeq !== -1 && batch.firstSeq !== this.tipSeq) {
      throw new RangeError(`batch begins at seq ${batch.firstSeq}, the log is at ${this.tipSeq}`);
    }
    if (batch.count === 0) return;
    this.#newestBatchSeq = this.tipSeq;
    this.#slices.forget();
    let rolled = false;
    let offset = 0;
    for (let index = 0; index < batch.count; ) {
      let segment = this.#segments.newest;
      if (!segment || batch.lengthAt(index) > segment.room) {
        segment = this.#segments.open(batch.lengthAt(index), this.#tip, this.tipSeq);
        rolled = true;
      }
      // As many events as fit are copied at once.
      const { room } = segment;
      const from = index;
      let bytes = 0;
      while (index < batch.count && bytes + batch.lengthAt(index) <= room) bytes += batch.lengthAt(index++);
      segment.write(batch.buffer, offset, bytes, index - from);
      this.#record(batch, from, index, offset, now);
      offset += bytes;
    }
    this.#retain(now);
    if (rolled) this.#options.onRoll?.(this);
  }

  /**
   * Takes back `seq` and everything behind it; the next event appended gets that seq. Cursors behind it go back and are
   * told. Below the floor nothing is left and the log goes on at `seq`; at or beyond the tip there is nothing to do.
   */
  truncate(seq: number): void {
    if (seq >= this.tipSeq) return;
    const { floor } = this;
    const seam = this.positionOf(seq);
    if (seam === -1) this.#segments.retireBelow(this.tipSeq);
    else this.#segments.cut(seq, seam);
    this.#records.dropFrom(seq);
    this.#tip = this.#truncations.add(seam, floor, this.#tip, seq).resume;
    this.#slices.forget();
    this.#ids.rebuild();
    this.#epochs.truncate(seq);
    this.#newestBatchSeq = Math.min(this.#newestBatchSeq, seq);
    this.#newestIdSeq = this.#records.lastWithId();
    // The events left may all lie below the floor, in a segment that held some above it.
    this.#raiseFloor(this.floorSeq);
  }

  /** Applies retention, age above all, and gives idle memory back. For the heartbeat's tick. */
  trim(now: number): void {
    this.#retain(now);
    this.#records.compact();
    this.#ids.compact();
  }

  /**
   * Count and bytes trim nothing from `seq` on while it is being flushed: a cursor at the tip would be trimmed by the very
   * events it waits for. Infinity ends that, and retention is applied.
   */
  hold(seq: number, now: number): void {
    this.#holdSeq = seq;
    this.#retain(now);
  }

  /** From the next event on another epoch, which must be above the current one (RangeError). */
  beginEpoch(epoch: number): void {
    this.#epochs.begin(epoch, this.tipSeq);
  }

  /** Position where the event begins; the tip's for `tipSeq`; -1 when not retained. */
  positionOf(seq: number): number {
    if (seq === this.tipSeq) return this.#tip;
    return this.#records.has(seq) ? this.#records.start(seq) : -1;
  }

  /** Seq of the first retained event that begins at or behind a position; `tipSeq` when none does. */
  seqAt(position: number): number {
    return this.#records.seqAt(position);
  }

  /** Bytes of events between a position and the tip; trimmed ones count, those taken back do not. */
  lagAt(position: number): number {
    return Math.max(this.#tip - position - this.#truncations.deadBytes(position), 0);
  }

  /** Seq of the newest retained event with that id, or -1. */
  indexOf(id: Uint8Array): number {
    return this.#ids.find(id);
  }

  /** When the event was appended, on the clock that `append` was given; -1 when not retained. */
  timeOf(seq: number): number {
    return this.#records.has(seq) ? this.#records.time(seq) : -1;
  }

  /** A copy of the id that was indexed with the event. */
  idOf(seq: number): Uint8Array | undefined {
    if (!this.#records.has(seq) || this.#records.idLength(seq) === 0) return undefined;
    return Uint8Array.from(this.#frames.id(seq));
  }

  /** The tag that was pushed with the event; -1 when not retained. */
  tagOf(seq: number): number {
    return this.#records.has(seq) ? this.#records.tag(seq) : -1;
  }

  /** The bytes of a retained event: a view, not pinned, good until the next append, truncate or trim. */
  frameOf(seq: number): Buffer | undefined {
    return this.#records.has(seq) ? this.#frames.frame(seq) : undefined;
  }

  /**
   * Whole events from `position` on, out of one segment: at most `maxBytes`, but at least one event. An event with a
   * tag other than 0 begins a slice, so that who reads can look at it first. Not pinned: the caller does so before anything
   * else happens to the log. Undefined at the tip, below the floor, or where a truncation took the events back.
   * @throws {RangeError} when the position is within an event
   */
  slice(position: number, maxBytes: number): Slice | undefined {
    const from = this.#truncations.forward(position);
    const cached = this.#slices.cached(from, maxBytes);
    if (cached) return cached;
    if (from >= this.#tip || from < this.floor || this.#truncations.at(from)) return undefined;
    return this.#slices.cut(from, maxBytes);
  }

  /** The same event boundary, as the position where the log goes on there: beyond a truncation they differ. */
  resolve(position: number): number {
    return this.#truncations.forward(position);
  }

  /** The truncation that took the events at a position back, if one did: a cursor there goes on at its `resume`. */
  truncationAt(position: number): Truncation | undefined {
    return this.#truncations.at(this.#truncations.forward(position));
  }

  /** Ends this log: everything unpinned goes back to the pool, the rest at its last unpin. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#options.budget?.leave(this.#member);
    this.#raiseFloor(this.tipSeq);
    this.#records.compact();
    this.#ids.compact();
  }

  #record(batch: Batch, from: number, to: number, offset: number, now: number): void {
    for (let index = from; index < to; index++) {
      const length = batch.lengthAt(index);
      const idLength = Math.max(batch.idLengthAt(index), 0);
      const idOffset = idLength > 0 ? batch.idOffsetAt(index) : 0;
      const idFrom = offset + idOffset;
      const hash = idLength > 0 ? hashId(batch.buffer, idFrom, idFrom + idLength) : 0;
      const seq = this.tipSeq;
      this.#records.push(this.#tip, now, hash, idOffset, idLength, batch.tagAt(index));
      this.#tip += length;
      offset += length;
      if (idLength > 0) {
        this.#ids.add(seq);
        this.#newestIdSeq = seq;
      }
    }
  }

  #retain(now: number): void {
    const heldSeq = Math.min(this.#newestBatchSeq, this.#holdSeq);
    const floorSeq = floorSeqFor(this.#options, this.#records, heldSeq, this.#bytesFrom, now);
    if (floorSeq > this.floorSeq) this.#raiseFloor(floorSeq);
  }

  readonly #bytesFrom = (position: number): number => this.lagAt(position);

  #raiseFloor(seq: number): void {
    this.#records.dropBelow(seq);
    this.#segments.retireBelow(seq);
    this.#truncations.forgetBelow(this.floor);
    this.#slices.forget(this.floor);
  }
}
