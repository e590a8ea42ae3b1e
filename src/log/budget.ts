/**
 * The byte budget over all logs (`maxLogBytes`): every slab that any log holds, trimmed but pinned ones included.
 * It refuses to decide what a log keeps otherwise, and never refuses an append: what is committed has to be stored, so
 * that `usedBytes` may exceed `maxBytes` while pins or newest segments leave nothing to shed; then whoever made the budget
 * is told.
 *
 * Who sheds: private logs first, they are copies of what their upstream has. Then the largest of the others, and none
 * below its share: what all others do can't take from a log that holds no more than `maxBytes` by the number of logs.
 */

/** A log as the budget sees it. */
export interface BudgetMember {
  /** It is filled for a few clients that ask for what no other log holds: it sheds first, and has no share. */
  readonly private: boolean;
  /** Slab bytes, and those of them that `shed` can take out of history, one call at a time: all but the newest segment's. */
  readonly heldBytes: number;
  readonly sheddableBytes: number;
  /** Moves the floor past the oldest segment. Its slab stays counted while something pins it. */
  shed(): void;
}

export class LogBudget {
  readonly maxBytes: number;
  readonly #members = new Set<BudgetMember>();
  readonly #exceeds: () => void;
  #shares = 0;
  #usedBytes = 0;

  /**
   * @param maxBytes bytes of slabs, over all logs
   * @param exceeds more is held than may be, and nothing is left to shed; called within an append, whenever it is so
   */
  constructor(maxBytes: number, exceeds: () => void = () => undefined) {
    this.maxBytes = maxBytes;
    this.#exceeds = exceeds;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** More is held than may be: time to close those who pin the oldest. */
  get exceeded(): boolean {
    return this.#usedBytes > this.maxBytes;
  }

  /** What each log that is not private may hold whatever the others do, bytes. */
  get shareBytes(): number {
    return this.maxBytes / Math.max(this.#shares, 1);
  }

  join(member: BudgetMember): void {
    this.#members.add(member);
    if (!member.private) this.#shares += 1;
  }

  /** The member sheds no longer. What it still holds stays counted until it is given back. */
  leave(member: BudgetMember): void {
    if (this.#members.delete(member) && !member.private) this.#shares -= 1;
  }

  /**
   * Counts a slab about to be acquired by a log; over the budget, history is shed first. The segment that the new one
   * follows is the newest still and stays, for cursors at the tip are about to read it: the next `take` can have it.
   */
  take(bytes: number, by?: BudgetMember): void {
    while (this.#usedBytes + bytes > this.maxBytes) {
      const next = this.#nextToShed(bytes, by);
      if (!next) break;
      next.shed();
    }
    this.#usedBytes += bytes;
    if (this.exceeded) this.#exceeds();
  }

  /** A slab went back to the pool. */
  give(bytes: number): void {
    this.#usedBytes -= bytes;
  }

  /** Looked up by a scan: only a log over budget pays for it, once per segment, and no log pays for an order. */
  #nextToShed(bytes: number, by: BudgetMember | undefined): BudgetMember | undefined {
    let next: BudgetMember | undefined;
    let most = 0;
    const { shareBytes } = this;
    for (const member of this.#members) {
      if (member.sheddableBytes === 0) continue;
      const held = member.heldBytes + (member === by ? bytes : 0);
      if (!member.private && held <= shareBytes) continue;
      const first = next === undefined || (member.private && !next.private);
      if (!first && (held <= most || member.private !== next?.private)) continue;
      next = member;
      most = held;
    }
    return next;
  }
}
