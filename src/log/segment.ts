/**
 * A segment: one slab of a log, the events in it, and the reasons why the slab may not be reused.
 * History is a pin like any reader's; when the last pin goes, the slab does. It refuses to know why history lets go.
 */

const NOTHING = Buffer.alloc(0);

export class Segment {
  /** Position of the first byte. */
  readonly base: number;
  /** Seq of the first event, and of the one behind the last. */
  readonly firstSeq: number;
  nextSeq: number;
  #slab: Buffer;
  #used = 0;
  /** Where writing must stop: the slab's end, or less once sealed. */
  #limit: number;
  #pins = 1;
  #retained = true;
  readonly #freed: (segment: Segment, slab: Buffer) => void;

  /** @param freed called once, when the last pin is gone: the slab is the callee's */
  constructor(slab: Buffer, base: number, firstSeq: number, freed: (segment: Segment, slab: Buffer) => void) {
    this.#slab = slab;
    this.#limit = slab.length;
    this.base = base;
    this.firstSeq = firstSeq;
    this.nextSeq = firstSeq;
    this.#freed = freed;
  }

  /** Position behind the last byte. */
  get end(): number {
    return this.base + this.#used;
  }

  get usedBytes(): number {
    return this.#used;
  }

  /** Bytes of the slab, used or not; 0 once it is gone. */
  get slabBytes(): number {
    return this.#slab.length;
  }

  /** Bytes that may still be written. */
  get room(): number {
    return this.#limit - this.#used;
  }

  /** Something other than history holds it. */
  get pinned(): boolean {
    return this.#pins > (this.#retained ? 1 : 0);
  }

  /** Copies whole events behind those already there. */
  write(source: Buffer, from: number, bytes: number, events: number): void {
    source.copy(this.#slab, this.#used, from, from + bytes);
    this.#used += bytes;
    this.nextSeq += events;
  }

  /**
   * Takes back what lies at `position` and behind. Nothing is written there again: a reader may still be sending it.
   */
  cut(position: number, nextSeq: number): void {
    this.#used = Math.min(position - this.base, this.#used);
    this.#limit = this.#used;
    this.nextSeq = nextSeq;
  }

  /** A view on the bytes between two positions. */
  view(from: number, to: number): Buffer {
    return this.#slab.subarray(from - this.base, to - this.base);
  }

  /** @throws {Error} when the slab is gone */
  pin(): void {
    if (this.#pins === 0) throw new Error('pin of a segment whose slab is gone');
    this.#pins++;
  }

  /** @throws {Error} when there is no pin left to take back */
  unpin(): void {
    if (!this.pinned) throw new Error('unpin without a pin');
    this.#let();
  }

  /** History lets go. Call once. */
  retire(): void {
    this.#retained = false;
    this.#let();
  }

  #let(): void {
    if (--this.#pins > 0) return;
    const slab = this.#slab;
    this.#slab = NOTHING;
    this.#freed(this, slab);
  }
}
