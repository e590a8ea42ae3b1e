import { ANSWERS } from './faults/upstream-answers.js';
import { chaosTests } from './tests.js';

chaosTests(ANSWERS);
