/** Herds, in their short form. */
import { FAULTS } from './faults/herd.js';
import { chaosTests } from './tests.js';

chaosTests(FAULTS);
