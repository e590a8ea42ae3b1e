/**
 * A gateway that is killed (SIGKILL) and started again on the same port, again and again, in front of clients that stand
 * at different places of the history of an upstream that replays: nobody misses or repeats anything.
 */
import t from 'tap';
import { FULL, TIMEOUT_MS } from './fixtures/form.js';
import { liveThrough } from './fixtures/lives.js';

t.setTimeout(TIMEOUT_MS);
// In the default form most of the time is waiting: the runs share it.
t.jobs = FULL ? 1 : 3;

for (const [perSecond, always] of [
  [40, false],
  [200, true],
  [1_000, false],
] as const) {
  t.test(
    `with an upstream that replays, kills leave no trace at any client: ${perSecond} events/s${always ? ', always open' : ''}`,
    { timeout: TIMEOUT_MS, buffered: !FULL },
    async (t) => {
      const { crowd, last, books, standing } = await liveThrough(t, {
        replay: true,
        perSecond,
        channel: { replay: true, always },
      });
      for (const [at, { account }] of crowd.natives.entries()) {
        const complete = account.gaps === 0 && account.events === last - standing[at]!;
        if (!complete) t.fail(`stood at ${standing[at]}: ${account}`);
      }
      for (const { check } of crowd.npm) {
        // It may begin in what comes for a client that stands earlier.
        const complete = check.contiguous && check.events === last - check.first + 1;
        if (!complete) t.fail(`eventsource: ${check}`);
      }
      t.equal(books.gaps, 0);
      t.equal(books.out, crowd.counted, 'what went out is what the clients counted');
    },
  );
}
