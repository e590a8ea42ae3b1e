/** All faults, area by area, in the order of the table. */
import type { Fault } from './fault.js';

export const MATRIX: readonly Fault[] = [];
