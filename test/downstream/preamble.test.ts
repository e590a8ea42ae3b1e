import t from 'tap';
import { preamble } from '../../src/downstream/preamble.js';

t.test('the preamble is a comment and a whole number of milliseconds, and dispatches nothing', async (t) => {
  t.equal(String(preamble(1_500)), ':\nretry: 1500\n\n');
  t.equal(String(preamble(1_500.2)), ':\nretry: 1501\n\n');
});
