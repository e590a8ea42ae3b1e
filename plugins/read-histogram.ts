/**
 * A histogram of the core as one of prom-client's: its buckets are read at the scrape instead of being observed into it.
 * It refuses to count.
 */
import {
  type MetricObjectWithValues,
  type MetricType,
  type MetricValueWithName,
  Histogram as PromHistogram,
} from 'prom-client';
import type { Histogram } from '../src/index.js';

/** prom-client declares its metric types as an enum that its code doesn't have: there they are these strings. */
const HISTOGRAM = 'histogram' as unknown as MetricType;

/** One series of it. */
export interface HistogramSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly histogram: Histogram;
}

export class ReadHistogram extends PromHistogram<string> {
  readonly #name: string;
  readonly #help: string;
  readonly #series: () => Iterable<HistogramSeries>;

  /** @param series what there is to expose, asked for at each scrape */
  constructor(name: string, help: string, labelNames: string[], series: () => Iterable<HistogramSeries>) {
    super({ name, help, labelNames, registers: [] });
    this.#name = name;
    this.#help = help;
    this.#series = series;
  }

  override async get(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    return {
      name: this.#name,
      help: this.#help,
      type: HISTOGRAM,
      aggregator: 'sum',
      collect() {},
      values: [...this.#values()],
    };
  }

  /** What the registry prefers over `get` for its text form. */
  getForPromString(): ReturnType<ReadHistogram['get']> {
    return this.get();
  }

  *#values(): IterableIterator<MetricValueWithName<string>> {
    for (const { labels, histogram } of this.#series()) {
      const counts = histogram.cumulative();
      const metricName = `${this.#name}_bucket`;
      for (const [i, value] of counts.entries()) {
        yield { metricName, labels: { ...labels, le: histogram.bounds[i] ?? '+Inf' }, value };
      }
      yield { metricName: `${this.#name}_sum`, labels, value: histogram.sum };
      yield { metricName: `${this.#name}_count`, labels, value: counts.at(-1)! };
    }
  }
}
