/** The report touches what is marked as generated, and nothing else. */
import t from 'tap';
import { fillBlocks } from '../../load/report/blocks.js';
import { barChart } from '../../load/report/chart.js';
import { withRuns } from '../../load/report/results.js';

const MACHINE = { cpu: 'a', cores: 2, memoryGiB: 1, kernel: 'k', congestion: 'c', node: '20' };

t.test('a marked block is replaced, again and again, and the rest stays', async (t) => {
  const text = 'before\n<!-- load:table -->\nold\n<!-- /load:table -->\nafter\n';
  const once = fillBlocks(text, { table: '| new |', other: 'not there' });
  t.equal(once, 'before\n<!-- load:table -->\n\n| new |\n\n<!-- /load:table -->\nafter\n');
  t.equal(fillBlocks(once, { table: '| new |' }), once);
  t.throws(() => fillBlocks('<!-- load:table -->', { table: '' }), /no end/);
});

t.test('rounds that are added are rounds of their own', async (t) => {
  const measured = (round: number) => ({
    date: 'd',
    machine: MACHINE,
    runs: [{ target: 'net', round, figures: { a: 1 } }],
  });
  const once = withRuns({}, 'steady', measured(0), true);
  const twice = withRuns(once, 'steady', measured(0), true);
  t.strictSame(
    twice['steady']?.runs.map(({ round }) => round),
    [0, 1],
  );
  t.strictSame(withRuns(twice, 'steady', measured(0), false)['steady']?.runs.length, 1);
});

t.test('a chart has a bar per target and no markup but its own', async (t) => {
  const svg = barChart('a < b', 'µs', [
    { name: 'ours', value: 5, low: 4, high: 6 },
    { name: 'x & y', value: 0, low: 0, high: 0 },
  ]);
  t.equal(svg.match(/<rect/g)?.length, 3);
  t.match(svg, /a &lt; b/);
  t.match(svg, /x &amp; y/);
});
