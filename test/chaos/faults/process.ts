/** Faults of the gateway's own process, and of the machine it runs on. */
import type { Fault } from '../fault.js';
import { SLEEP } from './process-sleep.js';
import { STOP } from './process-stop.js';

export const PROCESS: readonly Fault[] = [...STOP, ...SLEEP];
