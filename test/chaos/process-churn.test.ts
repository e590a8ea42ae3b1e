import { CHURN } from './faults/process-churn.js';
import { chaosTests } from './tests.js';

chaosTests(CHURN);
