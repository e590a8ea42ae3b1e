/**
 * The segments of one log, oldest first, and what they hold in memory: opens them by the rule of sizes, finds them by
 * position, lets history go of them. It refuses to decide when: floor and tip are the log's.
 */
import type { BudgetMember, LogBudget } from './budget.js';
import { MAX_SLAB_BYTES, MIN_SLAB_BYTES, type SlabPool, slabBytesFor } from './pool.js';
import { Segment } from './segment.js';

export class Segments {
  readonly #pool: SlabPool;
  readonly #budget: LogBudget | undefined;
  readonly #member: BudgetMember;
  readonly #list: Segment[] = [];
  /** Out of history, but pinned. A handful at most: one per reader that stands still. */
  readonly #pinned: Segment[] = [];
  #nextBytes = MIN_SLAB_BYTES;
  #heldBytes = 0;
  #pinnedBytes = 0;

  /** @param member the log as the budget sees it */
  constructor(pool: SlabPool, budget: LogBudget | undefined, member: BudgetMember) {
    this.#pool = pool;
    this.#budget = budget;
    this.#member = member;
  }

  /** Segments in history. */
  get count(): number {
    return this.#list.length;
  }

  /** Slab bytes, of all segments and of those out of history. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  get pinnedBytes(): number {
    return this.#pinnedBytes;
  }

  /** Slab bytes in history without the newest segment's. */
  get sheddableBytes(): number {
    return this.#heldBytes - this.#pinnedBytes - (this.newest?.slabBytes ?? 0);
  }

  get oldest(): Segment | undefined {
    return this.#list[0];
  }

  get newest(): Segment | undefined {
    return this.#list[this.#list.length - 1];
  }

  /** Out of history, but pinned; oldest first. */
  get pinned(): readonly Segment[] {
    return [...this.#pinned].sort((a, b) => a.base - b.base);
  }

  /**
   * Opens the segment that takes the next event. Sizes double from 4 to 64 KiB and go down again behind a segment that
   * was left half empty; a larger event gets a slab of its own, exactly as long.
   */
  open(eventBytes: number, position: number, seq: number): Segment {
    const last = this.newest;
    if (last && last.slabBytes <= MAX_SLAB_BYTES) {
      this.#nextBytes =
        last.usedBytes * 2 > last.slabBytes
          ? Math.min(last.slabBytes * 2, MAX_SLAB_BYTES)
          : Math.max(last.slabBytes / 2, MIN_SLAB_BYTES);
    }
    const wanted = slabBytesFor(
      eventBytes > MAX_SLAB_BYTES ? eventBytes : Math.max(eventBytes, this.#nextBytes),
    );
    this.#budget?.take(wanted, this.#member);
    const segment = new Segment(this.#pool.acquire(wanted), position, seq, this.#freed);
    this.#heldBytes += segment.slabBytes;
    this.#list.push(segment);
    return segment;
  }

  /** The segment in history that holds the byte at `position`. */
  at(position: number): Segment {
    let low = 0;
    let high = this.#list.length - 1;
    // Most look-ups are for the newest segment: the readers at the head, and ids just indexed.
    if (position >= this.#list[high]!.base) return this.#list[high]!;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#list[middle]!.base <= position) low = middle;
      else high = middle - 1;
    }
    return this.#list[low]!;
  }

  /** History lets go of every segment that holds nothing from `seq` on. */
  retireBelow(seq: number): void {
    let gone = 0;
    while (gone < this.#list.length && this.#list[gone]!.nextSeq <= seq) gone++;
    if (gone === 0) return;
    for (const segment of this.#list.splice(0, gone)) this.#retire(segment);
    if (this.#list.length === 0) this.#nextBytes = MIN_SLAB_BYTES;
  }

  /** Takes back everything from `seq` on, which begins at `position`. The newest segment left is sealed. */
  cut(seq: number, position: number): void {
    for (let last = this.newest; last && last.firstSeq >= seq; last = this.newest) {
      this.#list.pop();
      this.#retire(last);
    }
    this.newest?.cut(position, seq);
  }

  #retire(segment: Segment): void {
    if (segment.pinned) {
      this.#pinned.push(segment);
      this.#pinnedBytes += segment.slabBytes;
    }
    segment.retire();
  }

  /** One function per log, not per segment. */
  readonly #freed = (segment: Segment, slab: Buffer): void => {
    const index = this.#pinned.indexOf(segment);
    if (index !== -1) {
      this.#pinned.splice(index, 1);
      this.#pinnedBytes -= slab.length;
    }
    this.#heldBytes -= slab.length;
    this.#budget?.give(slab.length);
    this.#pool.release(slab);
  };
}
