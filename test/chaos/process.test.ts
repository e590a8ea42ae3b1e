import { PROCESS } from './faults/process.js';
import { chaosTests } from './tests.js';

chaosTests(PROCESS);
