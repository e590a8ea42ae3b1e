import { DELAYS } from './faults/upstream-delays.js';
import { chaosTests } from './tests.js';

chaosTests(DELAYS);
