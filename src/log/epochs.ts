/**
 * The epochs of a log: which life, or which leader, gave an event its seq. Another epoch means "cannot resume", never a
 * wrong resume. It refuses to make epochs up: numbers come from outside and only grow.
 */

export interface Epoch {
  readonly epoch: number;
  /** Seq of the first event of this epoch. */
  readonly firstSeq: number;
}

/** What others may ask. */
export interface EpochTable {
  /** Oldest first, at most 64. */
  readonly list: readonly Epoch[];
  readonly current: number;
  /** The epoch of the event with that seq (trimmed or to come included); -1 before the oldest known. */
  epochAt(seq: number): number;
  /** An event of that epoch is, was or will be in this log. */
  knows(epoch: number): boolean;
}

/** More lives than any client's id outlives; older ones are unknown. */
const KEPT_EPOCHS = 64;

export class Epochs implements EpochTable {
  readonly #list: Epoch[];

  constructor(epoch: number, firstSeq: number) {
    this.#list = [{ epoch, firstSeq }];
  }

  get list(): readonly Epoch[] {
    return this.#list;
  }

  get current(): number {
    return this.#list.at(-1)!.epoch;
  }

  epochAt(seq: number): number {
    return this.#list.findLast((entry) => entry.firstSeq <= seq)?.epoch ?? -1;
  }

  knows(epoch: number): boolean {
    return this.#list.some((entry) => entry.epoch === epoch);
  }

  /**
   * From `firstSeq` on events are of this epoch. One that has no event yet is replaced.
   * @throws {RangeError} when the epoch is not above the current one
   */
  begin(epoch: number, firstSeq: number): void {
    if (!(epoch > this.current)) throw new RangeError(`epoch ${epoch} does not follow ${this.current}`);
    if (this.#list.at(-1)!.firstSeq >= firstSeq) this.#list.pop();
    this.#list.push({ epoch, firstSeq });
    if (this.#list.length > KEPT_EPOCHS) this.#list.shift();
  }

  /** Events from `seq` on are no more: epochs that began behind it neither; the oldest then begins at `seq`. */
  truncate(seq: number): void {
    while (this.#list.length > 1 && this.#list.at(-1)!.firstSeq > seq) this.#list.pop();
    const [oldest] = this.#list;
    if (oldest && oldest.firstSeq > seq) this.#list[0] = { epoch: oldest.epoch, firstSeq: seq };
  }
}
