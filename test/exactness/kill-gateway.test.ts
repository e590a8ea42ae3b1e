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
      const { natives, npm, last, books } = await liveThrough(t, {
        replay: true,
        perSecond,
        channel: { replay: true, always },
      });
      const partial = natives.filter(({ gaps, events, stood }) => gaps > 0 || events !== last - stood);
      t.strictSame(
        partial.slice(0, 3),
        [],
        `all ${natives.length} native clients have all behind their place`,
      );
      // It may begin in what comes for a client that stands earlier.
      const torn = npm.filter(({ contiguous, events, first }) => !contiguous || events !== last - first + 1);
      t.strictSame(torn.slice(0, 3), [], `all ${npm.length} of eventsource have all from where they began`);
      t.equal(books.gaps, 0);
    },
  );
}
