import t from 'tap';
import type { By } from './metric-case.js';
import { CLIENT_CASES } from './metric-cases-clients.js';
import { EVENT_CASES } from './metric-cases-events.js';
import { LIMIT_CASES } from './metric-cases-limits.js';
import { metricOf, moved, scrape } from './scrape.js';
import { type Served, serve } from './serve.js';

/** Moves with time, or by slabs and with the history of their pool: judged only in cases that name it. */
const UNSTEADY = /^(?:subscriber_lag_bytes|upstream_last_event_age_seconds|delivery_seconds|pool_|log_held_)/;

const proven = new Set<string>();

const CASES = { ...CLIENT_CASES, ...EVENT_CASES, ...LIMIT_CASES };

for (const [title, { options = {}, gateway: more = {}, before, cause }] of Object.entries(CASES)) {
  t.test(`${title}: moves these series and no other`, async (t) => {
    const gateway = await serve(t, (origin) => ({
      channels: { prices: { url: origin, ...(typeof options === 'function' ? options(origin) : options) } },
      ...more,
    }));
    const clients = (await before?.(gateway)) ?? [];
    const start = await settled(gateway);
    const expected = await cause(gateway, clients);
    let diff: Record<string, number> = {};
    const fits = async () => {
      const all = moved(start, await scrape(gateway));
      const entries = Object.entries(all).filter(([name]) => name in expected || !UNSTEADY.test(name));
      diff = Object.fromEntries(entries);
      return mismatches(expected, diff).length === 0;
    };
    await eventually(fits);
    for (const name of mismatches(expected, diff))
      t.equal(diff[name] ?? 0, String(expected[name] ?? 0), name);
    t.ok(Object.keys(expected).length > 0);
    for (const name of Object.keys(expected)) proven.add(metricOf(name));
  });
}

t.test('every series that is exposed has such a case', async (t) => {
  const gateway = await serve(t);
  const exposed = [...(await gateway.ask('/metrics')).text.matchAll(/^# TYPE sse_gateway_(\S+) /gm)];
  t.strictSame([...proven].sort(), exposed.map(([, name]) => name!).sort());
});

/** Names whose movement is not what was expected. */
function mismatches(expected: Record<string, By>, diff: Record<string, number>): string[] {
  const names = new Set([...Object.keys(expected), ...Object.keys(diff)]);
  return [...names].filter((name) => {
    const wanted = expected[name] ?? 0;
    const by = diff[name] ?? 0;
    return typeof wanted === 'function' ? !wanted(by) : by !== wanted;
  });
}

/** A scrape with nothing under way: everything offered was delivered. */
async function settled(gateway: Served) {
  let latest = await scrape(gateway);
  const done = async () => {
    latest = await scrape(gateway);
    return (
      (latest.get('events_pending') ?? 0) === 0 &&
      latest.get('events_offered_total') === latest.get('events_out_total')
    );
  };
  await eventually(done);
  return latest;
}

/** Looks until it is so, or so long that it won't be. */
async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 3_000;
  while (!(await holds()) && performance.now() < deadline);
}
