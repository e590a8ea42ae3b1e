/** Streams that leave their connections keep what is promised of streams: the tests of the plugin, run once more. */
process.env['TEST_DETACH_STREAMS'] = '1';
const CASES = [
  'streams',
  'connections',
  'pipelining',
  'protocols',
  'books',
  'slow',
  'disconnect',
  'limits',
  'hooks',
  'broken-requests',
];
for (const name of [...CASES, 'on-stream', 'close', 'detached-streams']) await import(`./${name}.test.js`);
