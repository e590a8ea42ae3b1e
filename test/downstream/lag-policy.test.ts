import t from 'tap';
import { lagVerdict } from '../../src/downstream/lag-policy.js';

const skip = { onSlow: 'skip', stalledMs: 100 } as const;
const disconnect = { onSlow: 'disconnect', stalledMs: 100 } as const;

t.test('a cursor above the floor may lag for ever, as long as its socket takes something', async (t) => {
  t.equal(lagVerdict(skip, false, undefined, 1e9), 'none');
  t.equal(lagVerdict(skip, false, 50, 149.9), 'none');
});

t.test('a write that takes stalledMs is a stall, wherever the cursor stands', async (t) => {
  for (const behind of [false, true]) t.equal(lagVerdict(disconnect, behind, 50, 150), 'stalled');
});

t.test('below the floor the option decides', async (t) => {
  t.equal(lagVerdict(skip, true, undefined, 0), 'skip');
  t.equal(lagVerdict(disconnect, true, 0, 99), 'lagged');
});
