/**
 * From an id to the newest retained event that carries it: an open-addressing table of seqs over the hashes in the
 * records. It keeps no id: a hit is verified against the committed bytes, and trimmed events just cease to verify.
 * It refuses to be told about trimming (stale entries are reused, or left out when the table is rebuilt, at a cost per
 * insertion that is constant on average); a truncation, which gives seqs out twice, must `rebuild`.
 */
import type { Records } from './records.js';

const EMPTY = 0;
const FIRST_CAPACITY = 16;

/** Compares ids where they are: in the log. */
export interface IdBytes {
  /** Two retained events carry the same id. */
  sameId(seq: number, other: number): boolean;
  /** A retained event carries this id. */
  hasId(seq: number, id: Uint8Array): boolean;
}

export class IdIndex {
  readonly #records: Records;
  readonly #bytes: IdBytes;
  /** Seq - base + 1, or EMPTY. */
  #table = new Uint32Array(0);
  #base = 0;
  #used = 0;

  constructor(records: Records, bytes: IdBytes) {
    this.#records = records;
    this.#bytes = bytes;
  }

  /** Indexes an event whose record and bytes are there already; it is the newest. */
  add(seq: number): void {
    const full = (this.#used + 1) * 4 > this.#table.length * 3;
    // The rebuild takes in every record, this one too.
    if (full || seq - this.#base > 0xffff_fff0) this.rebuild();
    else this.#insert(seq);
  }

  /** @returns the newest seq with that id, or -1 */
  find(id: Uint8Array): number {
    if (this.#used === 0) return -1;
    const hash = hashId(id, 0, id.length);
    const mask = this.#table.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#table[slot]!;
      if (entry === EMPTY) return -1;
      const seq = this.#base + entry - 1;
      if (this.#records.has(seq) && this.#records.idHash(seq) === hash && this.#bytes.hasId(seq, id))
        return seq;
    }
  }

  /** Builds the table from the records: at most half full, and without memory when no event carries an id. */
  rebuild(): void {
    const { first, next } = this.#records;
    let ids = 0;
    for (let seq = first; seq < next; seq++) if (this.#records.idLength(seq) > 0) ids++;
    let capacity = ids === 0 ? 0 : FIRST_CAPACITY;
    while (capacity < ids * 2) capacity *= 2;
    if (capacity === this.#table.length) this.#table.fill(EMPTY);
    else this.#table = new Uint32Array(capacity);
    this.#base = first;
    this.#used = 0;
    for (let seq = first; seq < next; seq++) if (this.#records.idLength(seq) > 0) this.#insert(seq);
  }

  /** Gives memory back when the table is far larger than its events need. */
  compact(): void {
    if (this.#table.length > FIRST_CAPACITY && this.#table.length >= this.#records.count * 16) this.rebuild();
  }

  #insert(seq: number): void {
    const hash = this.#records.idHash(seq);
    const mask = this.#table.length - 1;
    let stale = -1;
    let slot = hash & mask;
    for (; ; slot = (slot + 1) & mask) {
      const entry = this.#table[slot]!;
      if (entry === EMPTY) break;
      const other = this.#base + entry - 1;
      if (!this.#records.has(other)) {
        if (stale === -1) stale = slot;
      } else if (this.#records.idHash(other) === hash && this.#bytes.sameId(other, seq)) {
        // The newest occurrence takes the entry of the one before.
        this.#table[slot] = seq - this.#base + 1;
        return;
      }
    }
    if (stale === -1) this.#used++;
    else slot = stale;
    this.#table[slot] = seq - this.#base + 1;
  }
}

/** FNV-1a over the bytes, then a mix so that the low bits, which choose the slot, depend on all of them. */
export function hashId(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
