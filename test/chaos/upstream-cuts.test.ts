import { CUTS } from './faults/upstream-cuts.js';
import { chaosTests } from './tests.js';

chaosTests(CUTS);
