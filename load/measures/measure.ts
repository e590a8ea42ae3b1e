/** What a measure is: one run on one target gives figures; rows say which figures are compared with what, and to what end. */

export type Figures = Readonly<Record<string, number>>;

export interface Row {
  readonly title: string;
  /** Which figure. */
  readonly figure: string;
  readonly of: string;
  /** Ratio to the same figure of another target, round by round. Without: the figure itself. */
  readonly to?: string;
  /** `max`: a verdict needs at most the bound (the default); `min`: at least. */
  readonly bound?: 'max' | 'min';
  readonly must?: number;
  readonly aim?: number;
  readonly unit?: string;
}

export interface Measure {
  readonly name: string;
  readonly title: string;
  /** In the order in which a round runs them. */
  readonly targets: readonly string[];
  readonly rows: readonly Row[];
  /** @throws Void when the run does not count */
  run(target: string): Promise<Figures>;
}
