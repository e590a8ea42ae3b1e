/** Faults of the gateway's own process, and of the machine it runs on. What takes longest, `process-churn.ts`, stands apart. */
import type { Fault } from '../fault.js';
import { CLOCK } from './process-clock.js';
import { FILES } from './process-files.js';
import { HOOKS } from './process-hooks.js';
import { SLEEP } from './process-sleep.js';
import { STOP } from './process-stop.js';

export const PROCESS: readonly Fault[] = [...STOP, ...SLEEP, ...FILES, ...CLOCK, ...HOOKS];
