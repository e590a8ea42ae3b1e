/**
 * The byte budget over all logs (`maxLogBytes`): every slab that any log holds, trimmed but pinned ones included.
 * It refuses to decide what a log keeps otherwise, and never refuses an append: what is committed has to be stored, so
 * that `usedBytes` may exceed `maxBytes` while pins or newest segments leave nothing to shed.
 */

/** A log as the budget sees it. */
export interface BudgetMember {
  /** Slab bytes that `shed` can take out of history, one call at a time: all but the newest segment's. */
  readonly sheddableBytes: number;
  /** Moves the floor past the oldest segment. Its slab stays counted while something pins it. */
  shed(): void;
}

export class LogBudget {
  readonly maxBytes: number;
  readonly #members = new Set<BudgetMember>();
  #usedBytes = 0;

  /** @param maxBytes bytes of slabs, over all logs */
  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** More is held than may be: time to close those who pin the oldest. */
  get exceeded(): boolean {
    return this.#usedBytes > this.maxBytes;
  }

  join(member: BudgetMember): void {
    this.#members.add(member);
  }

  /** The member sheds no longer. What it still holds stays counted until it is given back. */
  leave(member: BudgetMember): void {
    this.#members.delete(member);
  }

  /**
   * Counts a slab about to be acquired; over the budget, the largest logs shed history first. The segment that the new
   * one follows is the newest still and stays, for cursors at the tip are about to read it: the next `take` can have it.
   */
  take(bytes: number): void {
    while (this.#usedBytes + bytes > this.maxBytes) {
      const largest = this.#largest();
      if (!largest) break;
      largest.shed();
    }
    this.#usedBytes += bytes;
  }

  /** A slab went back to the pool. */
  give(bytes: number): void {
    this.#usedBytes -= bytes;
  }

  /** Looked up by a scan: only a log over budget pays for it, once per segment, and no log pays for an order. */
  #largest(): BudgetMember | undefined {
    let largest: BudgetMember | undefined;
    let most = 0;
    for (const member of this.#members) {
      const bytes = member.sheddableBytes;
      if (bytes > most) {
        most = bytes;
        largest = member;
      }
    }
    return largest;
  }
}
