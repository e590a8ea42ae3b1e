/**
 * What was taken back from the end of a log. Positions are never given out twice: behind a truncation the log goes on
 * past the old tip, so that a cursor that had read what is no more can be told by its position alone.
 *
 *     committed, then taken back         goes on here
 *     ───────────┬─────────────────────┬─┬───────────
 *               seam    taken          to  resume = to + 1
 *
 * A cursor at the seam lost nothing and simply stands at `resume`. One behind it, up to the old tip, was truncated.
 */

export interface Truncation {
  /** The last event boundary before what was taken back; -1 when retention had already trimmed it. */
  readonly seam: number;
  /** First and last position taken back. */
  readonly from: number;
  readonly to: number;
  /** Where the log goes on, and the seq there. */
  readonly resume: number;
  readonly seq: number;
}

/** Adjacent truncations kept apart; more of them (an engine that makes no progress) are joined. */
const KEPT_APART = 64;

export class Truncations {
  #list: Truncation[] = [];

  /**
   * @param seam position of the first event taken back, -1 when it is below `floor`
   * @param tip the tip before; the next position is one further, as a cursor may stand at the tip
   */
  add(seam: number, floor: number, tip: number, seq: number): Truncation {
    let added = { seam, from: seam === -1 ? floor : seam + 1, to: tip, resume: tip + 1, seq };
    for (let last = this.#list.at(-1); last; last = this.#list.at(-1)) {
      if (seam === -1 && last.resume === added.from) {
        // Who stands at that seam stands at the floor, and so behind what is taken back now.
        added = { ...added, from: beginning(last) };
      } else if (seam === last.resume && this.#list.length >= KEPT_APART) {
        added = { ...added, seam: last.seam, from: last.from };
      } else if (last.from < added.from) break;
      this.#list.pop();
    }
    this.#list.push(added);
    return added;
  }

  /** Forgets what lies so far below the floor that a cursor there is below it anyway. */
  forgetBelow(floor: number): void {
    while (this.#list.length > 0 && this.forward(this.#list[0]!.resume) < floor) this.#list.shift();
  }

  /** The truncation that took `position` back. */
  at(position: number): Truncation | undefined {
    for (const truncation of this.#list) {
      if (position >= truncation.from && position <= truncation.to) return truncation;
    }
    return undefined;
  }

  /** The same boundary, as the position where the log goes on. */
  forward(position: number): number {
    for (const { seam, resume } of this.#list) if (position === seam) position = resume;
    return position;
  }

  /** Positions from `position` on that hold no event any more. */
  deadBytes(position: number): number {
    let bytes = 0;
    for (const truncation of this.#list) {
      if (truncation.to >= position) bytes += truncation.resume - Math.max(beginning(truncation), position);
    }
    return bytes;
  }
}

/** The first position of which the log has nothing to say any more. */
function beginning({ seam, from }: Truncation): number {
  return seam === -1 ? from : seam;
}
