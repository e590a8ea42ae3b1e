/**
 * Recognises what an upstream sends again at the beginning of a connection (DESIGN §7): events whose id and content equal
 * one that came before. Fingerprints only, of the last so many events; it refuses to hold bytes, and to look anywhere but
 * at the beginning: in mid-stream ids may legally repeat.
 */
import { crc32 } from 'node:zlib';
import type { EventRecords } from './sse/records.js';

/** Fingerprints kept before the rings first grow; a quiet channel stays small. */
const FIRST = 64;
/** A fingerprint is a whole number below 2^53: all bits of the id's checksum, and these many of the content's. */
const CONTENT_BITS = 21;

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

/** The fingerprint of an event: its id, and its bytes on the wire but for the id. */
export function fingerprint(id: Uint8Array, content: Uint8Array): number {
  return crc32(id) * 2 ** CONTENT_BITS + (crc32(content) >>> (32 - CONTENT_BITS));
}

/** The fingerprint of a parsed event with an id: of its id, and of its block as the upstream sent it. */
export function markOf(bytes: Buffer, records: EventRecords, i: number): number {
  return fingerprint(
    bytes.subarray(records.idStart(i), records.idEnd(i)),
    bytes.subarray(records.start(i), records.end(i)),
  );
}
