import t from 'tap';
import { memoryEngine } from '../../src/engine/memory.js';
import { engineContract } from '../contract/engine.js';
import { ManualClock } from '../helpers/manual-clock.js';
import { batchOf, makeLog } from '../log/fixture.js';

engineContract('memory', async () => {
  const { log } = makeLog();
  return { log, engine: memoryEngine(log, new ManualClock()), close: async () => log.close() };
});

t.test('memory commits at once, dated by the clock', async (t) => {
  const clock = new ManualClock();
  const { log } = makeLog({ retainAgeMs: 100 });
  const engine = memoryEngine(log, clock);
  let committed = false;
  engine.append(batchOf(['a']), () => {
    committed = true;
  });
  t.ok(committed);
  log.trim(clock.now() + 100);
  t.equal(log.floorSeq, 1);
  log.trim(clock.now() + 101);
  t.equal(log.floorSeq, 2);
});
