/** Faults of the gateway's own process, and of the machine it runs on. */
import type { Fault } from '../fault.js';
import { CHURN } from './process-churn.js';
import { CLOCK } from './process-clock.js';
import { FILES } from './process-files.js';
import { HOOKS } from './process-hooks.js';
import { SLEEP } from './process-sleep.js';
import { STOP } from './process-stop.js';

export const PROCESS: readonly Fault[] = [...STOP, ...SLEEP, ...FILES, ...CLOCK, ...HOOKS, ...CHURN];
