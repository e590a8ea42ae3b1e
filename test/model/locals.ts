/**
 * What was published beside the upstream, and where in the history it stands: behind the event that the channel's own
 * connection had brought to its end by then. It refuses to guess: where events came again or the connection rested, the
 * place of some is nobody's to say, and they may be seen or not.
 */

/** One published event; `after` undefined: its place is not known. */
interface Local {
  readonly id: string | undefined;
  after: number | undefined;
}

/** How many published events must and may lie between two places. */
export interface Between {
  readonly must: number;
  readonly may: number;
}

export class Locals {
  /** By number, from 1. */
  readonly #all: Local[] = [];
  readonly #dropped: boolean;
  /** Those of former lives of the gateway are gone. */
  #first = 1;
  #delivered: number | undefined;
  #highest = 0;
  #rested = false;
  /**
   * Connections behind a rest, in this life, with published events before them that have no id of their own: the places
   * of these may be forgotten, and that is told.
   */
  forgettings = 0;

  /** @param dropped what the upstream sends again is certain to be dropped */
  constructor(dropped: boolean) {
    this.#dropped = dropped;
  }

  /** Number of the newest. */
  get newest(): number {
    return this.#all.length;
  }

  /** The next one: its number, and its id if it gets one of its own. */
  add(named: boolean): { readonly k: number; readonly id: string | undefined } {
    const k = this.#all.length + 1;
    const id = named ? `p${k}` : undefined;
    const known = this.#delivered === this.#highest;
    this.#all.push({ id, after: known ? this.#delivered : undefined });
    return { k, id };
  }

  isOwn(id: string): boolean {
    return this.#all.some((local) => local.id === id);
  }

  /** The channel's own connection brought an upstream event to its end. */
  brought(n: number): void {
    if (n <= this.#highest) {
      if (this.#dropped && !this.#rested) return;
      for (const local of this.#all)
        if (local.after !== undefined && local.after >= n) local.after = undefined;
    } else {
      this.#rested = false;
    }
    this.#delivered = n;
    this.#highest = Math.max(this.#highest, n);
  }

  /**
   * Until the next upstream event nobody can say where the history stands: it may be complete but for the LF of its last
   * CR LF, or some are missing before it.
   */
  unsure(): void {
    this.#delivered = undefined;
  }

  /** It is closed for now, and may go on anywhere: so may what was published since its last event. */
  rest(): void {
    for (const local of this.#all) if (local.after === this.#delivered) local.after = undefined;
    this.#delivered = undefined;
    this.#rested = true;
  }

  /** It is opened again behind a rest, in which something may have been published too. */
  reopen(): void {
    if (this.#all.slice(this.#first - 1).some(({ id }) => id === undefined)) this.forgettings += 1;
  }

  /** The gateway begins anew, with nothing. */
  newLife(): void {
    this.rest();
    this.#first = this.#all.length + 1;
    this.forgettings = 0;
  }

  /** The upstream event it stands behind. */
  afterOf(k: number): number | undefined {
    return this.#all[k - 1]?.after;
  }

  /** Published behind number `k`, up to `until` (not included), and standing behind `from` or later, but before `n`. */
  between(k: number, from: number, n: number, until = this.newest + 1): Between {
    let must = 0;
    let may = 0;
    for (let at = Math.max(k + 1, this.#first); at < until; at += 1) {
      const after = this.#all[at - 1]!.after;
      if (after === undefined) may += 1;
      else if (after >= from && after < n) must += 1;
    }
    return { must, may };
  }

  /** The newest that lies before upstream event `n`, at least `k`. */
  passed(k: number, n: number): number {
    let passed = k;
    for (let at = Math.max(k + 1, this.#first); at <= this.newest; at += 1) {
      const after = this.#all[at - 1]!.after;
      if (after !== undefined && after < n) passed = at;
    }
    return passed;
  }
}
