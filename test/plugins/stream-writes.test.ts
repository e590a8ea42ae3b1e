/** Without direct writes streams keep what is promised of them: the tests of the plugin, run once more. */
process.env['TEST_DIRECT_WRITES'] = '0';
const CASES = ['streams', 'pipelining', 'protocols', 'books', 'slow', 'disconnect', 'close', 'resume'];
for (const name of CASES) await import(`./${name}.test.js`);
