import { CLIENT_FAULTS } from './faults/client.js';
import { chaosTests } from './tests.js';

chaosTests(CLIENT_FAULTS);
