/**
 * The text of `/metrics` as numbers: one scrape, and what moved between two. It refuses to know any series.
 */
import type { Served } from './serve.js';

/** Values by series: `name` without our prefix, then its labels without `gateway` and without `channel="prices"`. */
export type Scrape = ReadonlyMap<string, number>;

const SAMPLE = /^sse_gateway_([a-z_]+)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-z]+)="([^"]*)"/g;

export function parse(text: string): Scrape {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const sample = SAMPLE.exec(line);
    if (sample === null) continue;
    const labels = [...(sample[2] ?? '').matchAll(LABEL)]
      .filter(([, name, value]) => name !== 'gateway' && !(name === 'channel' && value === 'prices'))
      .map(([label]) => label);
    values.set(`${sample[1]}${labels.length > 0 ? `{${labels.join()}}` : ''}`, Number(sample[3]));
  }
  return values;
}

export async function scrape(gateway: Served, path = '/metrics'): Promise<Scrape> {
  return parse((await gateway.ask(path)).text);
}

/** All samples of a metric, whatever their labels. */
export function sumOf(values: Scrape, name: string): number {
  let sum = 0;
  for (const [series, value] of values) if (series.replace(/\{.*/, '') === name) sum += value;
  return sum;
}

/** DESIGN's fourth invariant, as the difference that must be 0. */
export function imbalance(values: Scrape): number {
  const [offered, ...rest] = ['offered_total', 'out_total', 'dropped_total', 'pending'].map((name) =>
    sumOf(values, `events_${name}`),
  );
  return rest.reduce((left, part) => left - part, offered!);
}

/** Series that moved, and by how much; one that is new began at 0. */
export function moved(before: Scrape, after: Scrape): Record<string, number> {
  const names = new Set([...before.keys(), ...after.keys()]);
  const diff: Record<string, number> = {};
  for (const name of [...names].sort()) {
    const by = (after.get(name) ?? 0) - (before.get(name) ?? 0);
    if (by !== 0) diff[name] = by;
  }
  return diff;
}

/** The name that a sample's metric was declared with. */
export function metricOf(series: string): string {
  return series
    .replace(/\{.*/, '')
    .replace(/^(delivery_seconds|subscriber_lag_bytes)_(?:bucket|sum|count)$/, '$1');
}
