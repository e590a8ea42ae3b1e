import { CARDINALITY_FAULTS } from './faults/cardinality.js';
import { chaosTests } from './tests.js';

chaosTests(CARDINALITY_FAULTS);
