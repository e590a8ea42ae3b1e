import { INJECTION } from './faults/injection.js';
import { chaosTests } from './tests.js';

chaosTests(INJECTION);
