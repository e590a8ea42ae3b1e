/**
 * A gateway that is killed (SIGKILL) and started again on the same port, again and again, in front of an upstream that can't
 * make whole what was missed: what is missing or comes again is told before it.
 */
import t, { type Test } from 'tap';
import type { Crowd } from './fixtures/crowd.js';
import { FULL, TIMEOUT_MS } from './fixtures/form.js';
import { liveThrough, NATIVE } from './fixtures/lives.js';

t.setTimeout(TIMEOUT_MS);
// In the default form most of the time is waiting: the runs share it.
t.jobs = FULL ? 1 : 3;

for (const ids of ['auto', 'gateway'] as const) {
  t.test(
    `with an upstream that does not replay, every hole is told before it, and a number of lost events is right (ids: ${ids})`,
    { timeout: TIMEOUT_MS, buffered: !FULL },
    async (t) => {
      const { crowd } = await liveThrough(t, {
        replay: false,
        perSecond: 200,
        channel: { replay: 'unknown', ids },
      });
      const told = tell(t, crowd);
      t.ok(told.toldHoles >= NATIVE, 'everybody had holes');
    },
  );
}

t.test(
  'with an upstream that replays but names one event in three only, whatever is missing or repeated is told',
  { timeout: TIMEOUT_MS, buffered: !FULL },
  async (t) => {
    const { crowd } = await liveThrough(t, {
      replay: true,
      perSecond: 200,
      idEvery: 3,
      channel: { replay: true },
    });
    const told = tell(t, crowd);
    t.ok(told.gaps > 0, 'who stood behind an event without an id was told');
  },
);

/** What the native clients were told in all. */
function tell(t: Test, { natives }: Crowd) {
  const sum = { gaps: 0, toldHoles: 0, toldNumbers: 0, exactLosses: 0, repeated: 0, needless: 0 };
  for (const { account } of natives)
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += account[name];
  t.comment(JSON.stringify(sum));
  return sum;
}
