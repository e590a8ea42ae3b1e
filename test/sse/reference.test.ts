import t from 'tap';
import { STREAMS } from '../fixtures/sse/streams.js';
import { interpret } from './reference.js';

for (const { name, bytes, events, lastEventId, retry, wpt } of STREAMS) {
  t.test(
    `the reference reads ${name} as written down${wpt === undefined ? '' : ` and as WPT ${wpt} demands`}`,
    async (t) => {
      t.strictSame(interpret(bytes), { events, lastEventId, retry });
    },
  );
}

t.test('every fixture has a name of its own', async (t) => {
  t.equal(new Set(STREAMS.map((fixture) => fixture.name)).size, STREAMS.length);
});
