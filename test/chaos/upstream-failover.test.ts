import { FAILOVER } from './faults/upstream-failover.js';
import { chaosTests } from './tests.js';

chaosTests(FAILOVER);
