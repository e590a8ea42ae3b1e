/** Counts by a label value from a closed set; a leaf, plain numbers, read by whoever exposes them. */
export class Tally<Label extends string> {
  readonly #counts = new Map<Label, number>();

  add(label: Label, by = 1): void {
    this.#counts.set(label, (this.#counts.get(label) ?? 0) + by);
  }

  get(label: Label): number {
    return this.#counts.get(label) ?? 0;
  }

  get total(): number {
    let sum = 0;
    for (const count of this.#counts.values()) sum += count;
    return sum;
  }

  entries(): IterableIterator<[Label, number]> {
    return this.#counts.entries();
  }
}
