import t from 'tap';
import { flameGraph, sharesOf } from '../../load/report/flame.js';

const frame = (functionName: string, url = '', lineNumber = 0) => ({
  functionName,
  url,
  lineNumber,
  scriptId: '0',
  columnNumber: 0,
});

/** (root) → work → write, and idle time. */
const PROFILE = {
  startTime: 0,
  endTime: 400,
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 4] },
    { id: 2, callFrame: frame('work<1>', 'file:///gateway/src/a.js', 6), children: [3] },
    { id: 3, callFrame: frame('write') },
    { id: 4, callFrame: frame('(idle)') },
  ],
  samples: [2, 3, 4, 3],
  timeDeltas: [100, 100, 100, 100],
};

t.test('a frame is as wide as its share of the busy time, and says so', async (t) => {
  const svg = flameGraph('a & b', PROFILE);
  t.match(svg, '<title>all: 100.0 %</title><rect x="0.0" y="50" width="1200.0"');
  t.match(svg, '<title>work&lt;1&gt; src/a.js:7: 100.0 %</title>');
  t.match(svg, '<title>write: 66.7 %</title><rect x="0.0" y="84" width="800.0"');
  t.notMatch(svg, 'idle');
  t.match(svg, 'a &amp; b');
});

t.test('shares are of the busy time, by whose code it was', async (t) => {
  t.same(sharesOf(PROFILE), { gateway: 1 / 3, package: 0, node: 0, native: 2 / 3 });
});

t.test('a profile without samples is a graph of nothing', async (t) => {
  t.match(flameGraph('empty', { startTime: 0, endTime: 0, nodes: PROFILE.nodes }), /<svg.*<\/svg>/s);
});
