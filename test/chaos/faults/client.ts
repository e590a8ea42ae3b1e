/** What clients do wrong, or to us. */
import type { Fault } from '../fault.js';
import { ATTACH_FAULTS } from './client-attach.js';
import { REQUEST_FAULTS } from './client-requests.js';
import { SLOW_FAULTS } from './client-slow.js';

export const CLIENT_FAULTS: readonly Fault[] = [...SLOW_FAULTS, ...ATTACH_FAULTS, ...REQUEST_FAULTS];
