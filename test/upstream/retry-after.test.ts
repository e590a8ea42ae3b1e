import t from 'tap';
import { parseRetryAfter } from '../../src/upstream/retry-after.js';

const NOW = Date.UTC(2030, 0, 1, 12, 0, 0);

t.test('seconds become milliseconds', async (t) => {
  t.equal(parseRetryAfter('120', NOW), 120_000);
  t.equal(parseRetryAfter(' 0 ', NOW), 0);
});

t.test('all three forms of HTTP-date count from now', async (t) => {
  t.equal(parseRetryAfter('Tue, 01 Jan 2030 12:00:30 GMT', NOW), 30_000);
  t.equal(parseRetryAfter('Tuesday, 01-Jan-30 12:00:30 GMT', NOW), 30_000);
  t.equal(parseRetryAfter('Tue Jan  1 12:00:30 2030', NOW), 30_000);
});

t.test('a date in the past is no wait', async (t) => {
  t.equal(parseRetryAfter('Tue, 01 Jan 2030 11:00:00 GMT', NOW), 0);
});

t.test('what is neither is ignored', async (t) => {
  for (const value of [undefined, '', 'soon', '-5', '1.5', '1e3', '12 s', '2030-01-01', 'Tue, not a date']) {
    t.equal(parseRetryAfter(value, NOW), undefined, String(value));
  }
});
