/** All measures, in the order of the report. */
import { connects, fanOut, finite } from './autocannon.js';
import { large, latency, stalled } from './crowds.js';
import type { Measure } from './measure.js';
import { fourThousand, thousand } from './overload.js';
import { SCENARIOS } from './scenarios.js';
import { accept, idle } from './standing.js';
import { brisk, growth, pending, steady } from './steady.js';

export const MEASURES: readonly Measure[] = [
  steady,
  brisk,
  pending,
  thousand,
  fourThousand,
  growth,
  large,
  idle,
  accept,
  stalled,
  latency,
  ...SCENARIOS,
  connects,
  finite,
  fanOut,
];

/** The short set: measures and the targets that they need for a first picture. */
export const SHORT: Readonly<Record<string, readonly string[]>> = {
  steady: ['net', 'naive', 'ours'],
  pending: ['net', 'ours'],
  'held-1000': ['naive', 'ours'],
  idle: ['bare', 'ours'],
  accept: ['bare', 'ours'],
  latency: ['ours'],
  'reconnect-storm': ['ours'],
};
