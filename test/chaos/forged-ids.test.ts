import { FORGED_IDS } from './faults/forged-ids.js';
import { chaosTests } from './tests.js';

chaosTests(FORGED_IDS);
