/**
 * Recognises what an upstream sends again at the beginning of a connection (DESIGN §7): events whose id and content equal
 * one that came before. Fingerprints only, of the last so many events, and not against an
 * upstream that forges them; it refuses to hold bytes, and to look anywhere but
 * at the beginning: in mid-stream ids may legally repeat.
 */
import { crc32 } from 'node:zlib';
import type { EventRecords } from './sse/records.js';

/** Events by whose fingerprints repeats are recognised, beyond those that a log may hold (DESIGN §7). */
export const REMEMBERED = 1_024;

/** Fingerprints kept before the rings first grow; a quiet channel stays small. */
const FIRST = 64;
/** A fingerprint is a whole number below 2^53: all bits of the block's checksum, and these many of the id's. */
const ID_BITS = 21;
/** Makes the id's checksum another function of the bytes than the block's, of which the id is a part. */
const ID_SEED = 0x5bd1e995;
/** Up to here a loop is done before a native checksum has begun. */
const SHORT_BYTES = 160;

export class Repeats {
  readonly #keep: number;
  #ring = new Float64Array(FIRST);
  #count = 0;
  /** What a connection's leading events are compared with; undefined in mid-stream. */
  #leading: Set<number> | undefined;

  /** @param keep how many of the newest events are remembered */
  constructor(keep: number) {
    this.#keep = keep;
  }

  /** Still at the beginning of a connection: nothing new has arrived on it. */
  get leading(): boolean {
    return this.#leading !== undefined;
  }

  /** Nothing that was remembered can come again. */
  forget(): void {
    this.#ring = new Float64Array(FIRST);
    this.#count = 0;
    this.#leading = undefined;
  }

  /** A new connection begins. */
  begin(): void {
    this.#leading = new Set(this.#ring.subarray(0, Math.min(this.#count, this.#ring.length)));
  }

  /** From here on everything is new. */
  end(): void {
    this.#leading = undefined;
  }

  /** Whether an event of the leading run came before. The first that did not ends the run. */
  seen(mark: number): boolean {
    if (this.#leading === undefined) return false;
    if (this.#leading.has(mark)) return true;
    this.#leading = undefined;
    return false;
  }

  /** Remembers an event that is being committed. */
  note(mark: number): void {
    if (this.#count === this.#ring.length && this.#ring.length < this.#keep) {
      const grown = new Float64Array(Math.min(this.#keep, this.#ring.length * 2));
      grown.set(this.#ring);
      this.#ring = grown;
    }
    this.#ring[this.#count % this.#ring.length] = mark;
    this.#count += 1;
  }
}

/**
 * The fingerprint of a parsed event with an id: of its block as the upstream sent it, and once more of its id. Every event
 * with an id pays for it, and almost none is ever compared: short ones are read here, without a view and a native call.
 */
export function markOf(bytes: Buffer, records: EventRecords, i: number): number {
  const block = checksum(bytes, records.start(i), records.end(i), 0);
  const id = checksum(bytes, records.idStart(i), records.idEnd(i), ID_SEED);
  return block * 2 ** ID_BITS + (id >>> (32 - ID_BITS));
}

/** 32 bits of what lies in `from … to`. */
function checksum(bytes: Buffer, from: number, to: number, seed: number): number {
  if (to - from > SHORT_BYTES) return crc32(bytes.subarray(from, to), seed);
  // Each step is a bijection of the hash for a given word and of the word for a given hash, so that events of one length
  // which differ in a single word never meet.
  let hash = seed ^ (to - from);
  let at = from;
  for (; at + 4 <= to; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    hash = Math.imul(((hash << 13) | (hash >>> 19)) ^ Math.imul(word, 0x9e3779b1), 0x85ebca77);
  }
  for (; at < to; at++) hash = Math.imul(((hash << 5) | (hash >>> 27)) ^ bytes[at]!, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca77);
  return (hash ^ (hash >>> 13)) >>> 0;
}
