import t from 'tap';
import { patternsIn, readPatterns } from './patterns.js';

t.test('patterns are found in every place where one may stand, and nowhere else', async (t) => {
  const text = String.raw`
const A = /^a[/\]]+$/i;
x.replace(/[^/]+/g, (s) => s);
  .regex(/^\d{1,5}$/, 'five')
  return /b\/c/.test(y);
// not /this/
 * nor (/that/)
const half = length / 2 + width / 3;
`;
  t.same(patternsIn(text).map(String), ['/^a[/\\]]+$/i', '/[^/]+/g', '/^\\d{1,5}$/', '/b\\/c/']);
});

t.test('those of the code are found', async (t) => {
  const found = readPatterns().map(({ file, pattern }) => `${file} ${pattern}`);
  for (const known of [
    'src/ids.ts /^([1-9]',
    'src/upstream/answer.ts /;\\s*charset',
    'plugins/options.ts /^(?:\\/[A-Z',
  ])
    t.ok(
      found.some((one) => one.startsWith(known)),
      known,
    );
});
