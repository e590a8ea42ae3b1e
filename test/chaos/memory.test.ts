/** Faults that cost memory, in their short form. */
import { FAULTS } from './faults/memory.js';
import { chaosTests } from './tests.js';

chaosTests(FAULTS);
