import t from 'tap';
import { gapId, idBefore } from '../src/gap-ids.js';
import { append, makeLog, withId } from './log/fixture.js';

t.test('the event before is named by its own id while the log holds it, else by a minted one', async (t) => {
  const { log } = makeLog({ epoch: 35, retainEvents: 2 });
  append(log, [withId('a')]);
  append(log, [withId('é')]);
  append(log, ['x']);
  t.equal(idBefore(log, 'auto', 2), '1-z', 'trimmed');
  t.equal(idBefore(log, 'auto', 3), 'é');
  t.equal(idBefore(log, 'auto', 4), '3-z', 'without an id of its own');
});

t.test('before the first event there is none, and mode upstream mints none', async (t) => {
  const { log } = makeLog({ epoch: 35 });
  t.equal(idBefore(log, 'auto', 1), null);
  append(log, ['x', withId('a')]);
  t.equal(idBefore(log, 'upstream', 2), null);
  t.equal(idBefore(log, 'upstream', 3), 'a');
});

t.test('an id is of the epoch of its event, not of the current one', async (t) => {
  const { log } = makeLog({ epoch: 5 });
  append(log, ['x']);
  log.beginEpoch(6);
  append(log, ['x']);
  t.equal(idBefore(log, 'gateway', 2), '1-5');
  t.equal(gapId(log, 'gateway', 2), '1-5');
  t.equal(gapId(log, 'gateway', 3), '2-6');
});

t.test('only in mode gateway a gap has an id of its own, and none where nothing is before it', async (t) => {
  const { log } = makeLog({ epoch: 5 });
  append(log, ['x']);
  t.equal(gapId(log, 'auto', 2), undefined);
  t.equal(gapId(log, 'upstream', 2), undefined);
  t.equal(gapId(log, 'gateway', 1), undefined);
});
