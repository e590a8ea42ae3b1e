import { ACCESS } from './faults/access.js';
import { chaosTests } from './tests.js';

chaosTests(ACCESS);
