/** All faults, area by area, in the order of the table. */
import type { Fault } from './fault.js';
import { ACCESS } from './faults/access.js';
import { BOOK_FAULTS } from './faults/books.js';
import { CARDINALITY_FAULTS } from './faults/cardinality.js';
import { CLIENT_FAULTS } from './faults/client.js';
import { FORGED_IDS } from './faults/forged-ids.js';
import { FAULTS as HERD } from './faults/herd.js';
import { INJECTION } from './faults/injection.js';
import { FAULTS as MEMORY } from './faults/memory.js';
import { PROCESS } from './faults/process.js';
import { CHURN } from './faults/process-churn.js';
import { SECRETS_FAULTS } from './faults/secrets.js';
import { ANSWERS } from './faults/upstream-answers.js';
import { CUTS } from './faults/upstream-cuts.js';
import { DELAYS } from './faults/upstream-delays.js';
import { FAILOVER } from './faults/upstream-failover.js';

export const MATRIX: readonly Fault[] = [
  ...[...CUTS, ...DELAYS, ...ANSWERS, ...FAILOVER],
  ...[...HERD, ...MEMORY, ...PROCESS, ...CHURN],
  ...[...ACCESS, ...FORGED_IDS, ...SECRETS_FAULTS, ...INJECTION],
  ...[...CLIENT_FAULTS, ...BOOK_FAULTS, ...CARDINALITY_FAULTS],
];
