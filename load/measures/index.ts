/** All measures, in the order of the report. */
import type { Measure } from './measure.js';
import { accept, idle } from './standing.js';
import { pending, steady } from './steady.js';

export const MEASURES: readonly Measure[] = [steady, pending, accept, idle];
