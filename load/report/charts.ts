/** Which measures are plotted, and as what. */
import { MEASURES } from '../measures/index.js';
import { median } from '../rounds.js';
import { type Bar, barChart } from './chart.js';
import type { Results } from './results.js';

/** Figure and unit by measure. */
const PLOTTED: Readonly<Record<string, readonly [figure: string, unit: string]>> = {
  steady: ['cpuMicros', 'µs'],
  brisk: ['cpuMicros', 'µs'],
  pending: ['cpuMicros', 'µs'],
  'held-1000': ['perSecond', 'million deliveries/s'],
  'held-4000': ['perSecond', 'million deliveries/s'],
  idle: ['bytesPerClient', 'bytes'],
  accept: ['cpuMicros', 'µs'],
  latency: ['p99', 'p99 in ms'],
};

export interface Chart {
  readonly name: string;
  readonly title: string;
  readonly svg: string;
}

export function chartsOf(results: Results): Chart[] {
  return MEASURES.flatMap(({ name, title, targets }) => {
    const runs = results[name]?.runs;
    const plotted = PLOTTED[name];
    if (runs === undefined || plotted === undefined) return [];
    const [figure, unit] = plotted;
    const bars = targets.flatMap((target): Bar[] => {
      const values = runs.flatMap((run) => (run.target === target ? (run.figures?.[figure] ?? []) : []));
      if (values.length === 0) return [];
      return [{ name: target, value: median(values), low: Math.min(...values), high: Math.max(...values) }];
    });
    return bars.length === 0 ? [] : [{ name, title, svg: barChart(title, unit, bars) }];
  });
}
