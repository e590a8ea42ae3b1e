/**
 * A gateway that is killed (SIGKILL) and started again on the same port, again and again, in front of an upstream that can't
 * make whole what was missed: what is missing or comes again is told before it.
 */
import t, { type Test } from 'tap';
import type { NativeRecord } from './fixtures/crowd-protocol.js';
import { FULL, TIMEOUT_MS } from './fixtures/form.js';
import { liveThrough, NATIVE } from './fixtures/lives.js';

t.setTimeout(TIMEOUT_MS);
// In the default form most of the time is waiting: the runs share it.
t.jobs = FULL ? 1 : 3;

for (const perSecond of FULL ? [40, 200, 1_000] : [200]) {
  for (const ids of ['auto', 'gateway'] as const) {
    t.test(
      `with an upstream that does not replay, every hole is told before it, and a number of lost events is right: ${perSecond} events/s, ids: ${ids}`,
      { timeout: TIMEOUT_MS, buffered: !FULL },
      async (t) => {
        const { natives } = await liveThrough(t, {
          replay: false,
          perSecond,
          // Who naps comes back to a log that has forgotten some of what it missed, and says how many where it names all.
          channel: { replay: 'unknown', ids, retainEvents: perSecond / 2 },
          napMs: 2_000,
        });
        const told = tell(t, natives);
        t.ok(told.toldHoles >= NATIVE, 'everybody had holes');
        if (ids === 'gateway') t.ok(told.exactLosses > 0, 'some were told how many they lost');
      },
    );
  }
}

t.test(
  'with an upstream that replays but names one event in three only, whatever is missing or repeated is told',
  { timeout: TIMEOUT_MS, buffered: !FULL },
  async (t) => {
    const { natives } = await liveThrough(t, {
      replay: true,
      perSecond: 200,
      idEvery: 3,
      channel: { replay: true },
    });
    const told = tell(t, natives);
    t.ok(told.gaps > 0, 'who stood behind an event without an id was told');
  },
);

/** What the native clients were told in all. */
function tell(t: Test, natives: readonly NativeRecord[]) {
  const sum = { gaps: 0, toldHoles: 0, toldNumbers: 0, exactLosses: 0, repeated: 0, needless: 0 };
  const reasons: Record<string, number> = {};
  for (const one of natives) {
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += one[name];
    for (const [reason, count] of Object.entries(one.reasons))
      reasons[reason] = (reasons[reason] ?? 0) + count;
  }
  t.comment(JSON.stringify({ ...sum, ...reasons }));
  return sum;
}
