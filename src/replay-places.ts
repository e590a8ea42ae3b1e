/**
 * The private requests of one channel that are under way: so many at a time, and no more than the allowance of all
 * channels has room for. It refuses to know who waits for a place, but for whom to call when there may be one.
 */
import type { ReadThrough } from './read-through.js';
import type { ReplayAllowance } from './replay-allowance.js';

/** Requests under way at once, per channel (DESIGN §7). */
const AT_ONCE = 8;

export class ReplayPlaces {
  readonly #allowance: ReplayAllowance;
  readonly #bytes: number;
  readonly #again: () => void;
  readonly #taken = new Set<ReadThrough>();

  /**
   * @param bytes what one request takes of the allowance
   * @param again called when there may be a place that the allowance had no room for
   */
  constructor(allowance: ReplayAllowance, bytes: number, again: () => void) {
    this.#allowance = allowance;
    this.#bytes = bytes;
    this.#again = again;
  }

  [Symbol.iterator](): IterableIterator<ReadThrough> {
    return this.#taken.values();
  }

  has(readThrough: ReadThrough): boolean {
    return this.#taken.has(readThrough);
  }

  get size(): number {
    return this.#taken.size;
  }

  /** The channel has no more of its own. */
  get full(): boolean {
    return this.#taken.size >= AT_ONCE;
  }

  /** Channels that wait for the allowance. */
  get awaited(): number {
    return this.#allowance.waiting;
  }

  take(readThrough: ReadThrough): boolean {
    if (this.full || !this.#allowance.take(this.#bytes, this.#again)) return false;
    this.#taken.add(readThrough);
    return true;
  }

  /** Gives its place up, if it has one. */
  leave(readThrough: ReadThrough): void {
    if (this.#taken.delete(readThrough)) this.#allowance.give(this.#bytes);
  }

  /** Gives all up, and waits for none. */
  close(): void {
    this.#allowance.leave(this.#again);
    for (const readThrough of [...this.#taken]) this.leave(readThrough);
  }
}
