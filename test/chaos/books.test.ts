import { BOOK_FAULTS } from './faults/books.js';
import { chaosTests } from './tests.js';

chaosTests(BOOK_FAULTS);
