/**
 * Clients that hop about in what they have seen, in front of a scripted upstream that is cut, in every mode: what the
 * gateway declares to know must be so, and what it doesn't know must be told.
 */
import t, { type Test } from 'tap';
import { ScriptedUpstream } from '../helpers/scripted-upstream.js';
import { FULL, TIMEOUT_MS } from './fixtures/form.js';
import { type HopUpstream, hopAbout } from './fixtures/hoppers.js';

t.setTimeout(TIMEOUT_MS);
t.jobs = FULL ? 1 : 2;

/** The full form runs so often with another seed: `EXACTNESS_RUNS`. */
const RUNS = FULL ? Number(process.env['EXACTNESS_RUNS'] ?? 5) : 1;

type Replay = 'unknown' | 'proven' | boolean;

/** The default form leaves the one out that differs least from another. */
const MODES = FULL ? (['auto', 'upstream', 'gateway'] as const) : (['auto', 'gateway'] as const);
type IdMode = 'auto' | 'upstream' | 'gateway';

async function listen(t: Test, replay: boolean): Promise<HopUpstream> {
  const upstream = await ScriptedUpstream.listen({ replay, retryMs: 10, dataBytes: 60 });
  t.teardown(() => upstream.close());
  return {
    port: upstream.port,
    path: '/events',
    get last() {
      return upstream.number;
    },
    async publish(count) {
      upstream.publishNumbered(count);
      // The pace of the run: what is published in one turn arrives as one piece.
      await new Promise((resolve) => setTimeout(resolve, 5));
    },
  };
}

/** Fewer than are published: some hop below the floor. */
const FEW = { retainEvents: 100 };

for (let run = 0; run < RUNS; run += 1) {
  for (const replay of ['unknown', 'proven', true, false] as const) {
    for (const ids of MODES) {
      for (const retention of [{}, FEW]) replaying(run, replay, ids, retention);
    }
  }
  for (const ids of MODES) {
    for (const replay of ['unknown', 'proven', false] as const) forgetful(run, replay, ids);
  }
}

function replaying(run: number, replay: Replay, ids: IdMode, retention: typeof FEW | object): void {
  const few = retention === FEW;
  const title = `an upstream that replays, replay: ${replay}, ids: ${ids}${few ? ', little retained' : ''}`;
  t.test(title, { timeout: TIMEOUT_MS, buffered: !FULL }, async (t) => {
    const upstream = await listen(t, true);
    const seen = await hopAbout(t, upstream, { replay, ids, ...retention }, run);
    t.ok(seen.hops > 0);
    const known = replay === true || replay === 'proven';
    if (known && !few) t.same([seen.gaps, seen.booked], [0, 0], 'no gap where continuity is known');
    // What a client reads its way back to may be trimmed meanwhile, and a request of its own be cut.
    if (known && few) t.equal(seen.needless, 0, 'no gap without a hole');
    if (known && ids === 'gateway')
      t.equal(seen.exactLosses, seen.toldHoles, 'a hole below the floor is told with its size');
    if (!known) t.ok(seen.gaps > 0, 'every cut is told');
  });
}

function forgetful(run: number, replay: Replay, ids: IdMode): void {
  const title = `an upstream that does not replay, replay: ${replay}, ids: ${ids}`;
  t.test(title, { timeout: TIMEOUT_MS, buffered: !FULL }, async (t) => {
    const { toldHoles } = await hopAbout(t, await listen(t, false), { replay, ids, ...FEW }, run);
    t.ok(toldHoles > 0, 'what is missing is told');
  });
}
