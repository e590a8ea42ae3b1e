import { SECRETS_FAULTS } from './faults/secrets.js';
import { chaosTests } from './tests.js';

chaosTests(SECRETS_FAULTS);
