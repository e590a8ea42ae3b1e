/**
 * One record per retained event, in a ring of typed arrays addressed by seq: no object and no string per event.
 * It refuses to know bytes: a record says where an event begins, not what it says. Seqs and positions may go to 2^53.
 */

const FIRST_CAPACITY = 16;

/** Shared, as most logs of a large gateway may be empty. */
const NO_FLOAT64 = new Float64Array(0);
const NO_UINT32 = new Uint32Array(0);
const NO_UINT16 = new Uint16Array(0);

export class Records {
  /** Seq of the oldest record, and how many follow from there. */
  #first: number;
  #count = 0;
  /** Slot of the oldest; the capacity is a power of two, or 0 as long as there is nothing to remember. */
  #head = 0;
  #mask = -1;
  #start = NO_FLOAT64;
  #time = NO_FLOAT64;
  #idHash = NO_UINT32;
  #idOffset = NO_UINT32;
  #idLength = NO_UINT32;
  #tag = NO_UINT16;
  #newestTag = -1;
  #droppedTag = -1;

  constructor(firstSeq: number) {
    this.#first = firstSeq;
  }

  get first(): number {
    return this.#first;
  }

  /** Seq that the next record gets. */
  get next(): number {
    return this.#first + this.#count;
  }

  get count(): number {
    return this.#count;
  }

  has(seq: number): boolean {
    return seq >= this.#first && seq < this.#first + this.#count;
  }

  push(start: number, time: number, idHash: number, idOffset: number, idLength: number, tag: number): void {
    if (this.#count > this.#mask) this.#resize(Math.max(FIRST_CAPACITY, this.#count * 2));
    const slot = (this.#head + this.#count) & this.#mask;
    this.#start[slot] = start;
    this.#time[slot] = time;
    this.#idHash[slot] = idHash;
    this.#idOffset[slot] = idOffset;
    this.#idLength[slot] = idLength;
    this.#tag[slot] = tag;
    if (tag !== 0) this.#newestTag = this.next;
    this.#count++;
  }

  /** The columns; only for a seq that `has` knows. Position of the event's first byte: */
  start(seq: number): number {
    return this.#start[this.#slot(seq)]!;
  }

  /** Monotonic ms of the append. */
  time(seq: number): number {
    return this.#time[this.#slot(seq)]!;
  }

  idHash(seq: number): number {
    return this.#idHash[this.#slot(seq)]!;
  }

  /** Relative to the event's first byte. */
  idOffset(seq: number): number {
    return this.#idOffset[this.#slot(seq)]!;
  }

  /** 0: no id to index. */
  idLength(seq: number): number {
    return this.#idLength[this.#slot(seq)]!;
  }

  tag(seq: number): number {
    return this.#tag[this.#slot(seq)]!;
  }

  /** Seq of the first event, from `low` on and before `high`, that begins at or behind `position`; `high` if none does. */
  seqAt(position: number, low = this.first, high = this.next): number {
    while (low < high) {
      const middle = low + Math.floor((high - low) / 2);
      if (this.start(middle) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The last seq with an id; -1 when none has one. */
  lastWithId(): number {
    for (let seq = this.next - 1; seq >= this.#first; seq--) if (this.idLength(seq) > 0) return seq;
    return -1;
  }

  /** Seq of the newest ever with a tag other than 0, but for those taken back; -1: none had. */
  get newestTag(): number {
    return this.#newestTag;
  }

  /** The first seq from `low` on and before `high` with a tag other than 0; `high` when none has one. */
  taggedIn(low: number, high: number): number {
    if (this.#newestTag < low) return high;
    let seq = low;
    while (seq < high && this.tag(seq) === 0) seq++;
    return seq;
  }

  /** Seq of the newest that was dropped from the front and had a tag other than 0; -1: none had. */
  get droppedTag(): number {
    return this.#droppedTag;
  }

  /** Forgets what lies before `seq`. */
  dropBelow(seq: number): void {
    const dropped = Math.min(seq - this.#first, this.#count);
    for (let i = this.#first; i < this.#first + dropped; i++) if (this.tag(i) !== 0) this.#droppedTag = i;
    this.#head = (this.#head + dropped) & this.#mask;
    this.#count -= dropped;
    this.#first += dropped;
  }

  /** Forgets `seq` and what lies behind; the next record gets it, even when it lies before the first. */
  dropFrom(seq: number): void {
    this.#count = Math.max(seq - this.#first, 0);
    this.#first = Math.min(seq, this.#first);
    if (this.#newestTag >= this.next) this.#newestTag = this.#lastTagged();
  }

  /** Gives memory back when most of it is unused: a burst must not be paid for by a channel that went quiet. */
  compact(): void {
    if (this.#count === 0) this.#resize(0);
    else if (this.#mask + 1 > FIRST_CAPACITY && this.#count * 8 <= this.#mask + 1) {
      this.#resize(Math.max(FIRST_CAPACITY, 2 ** Math.ceil(Math.log2(this.#count * 2))));
    }
  }

  #lastTagged(): number {
    for (let seq = this.next - 1; seq >= this.#first; seq--) if (this.tag(seq) !== 0) return seq;
    return this.#droppedTag;
  }

  #slot(seq: number): number {
    return (this.#head + (seq - this.#first)) & this.#mask;
  }

  #resize(capacity: number): void {
    if (capacity === this.#mask + 1) return;
    this.#start = this.#moved(this.#start, new Float64Array(capacity));
    this.#time = this.#moved(this.#time, new Float64Array(capacity));
    this.#idHash = this.#moved(this.#idHash, new Uint32Array(capacity));
    this.#idOffset = this.#moved(this.#idOffset, new Uint32Array(capacity));
    this.#idLength = this.#moved(this.#idLength, new Uint32Array(capacity));
    this.#tag = this.#moved(this.#tag, new Uint16Array(capacity));
    this.#head = 0;
    this.#mask = capacity - 1;
  }

  /** The live part of a column, unrolled to the beginning of a new one. */
  #moved<Column extends Float64Array | Uint32Array | Uint16Array>(from: Column, to: Column): Column {
    const firstRun = Math.min(this.#count, from.length - this.#head);
    to.set(from.subarray(this.#head, this.#head + firstRun));
    to.set(from.subarray(0, this.#count - firstRun), firstRun);
    return to;
  }
}
