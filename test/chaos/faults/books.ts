/**
 * The fault table of the books: every fault that a series counts, injected once, moves that series by exactly one. The
 * last row keeps the table whole: a reason or an outcome that exists and is reached by no case of it breaks the row.
 */
import assert from 'node:assert/strict';
import { CLOSE_REASONS } from '../../../src/errors.js';
import { GAP_REASONS } from '../../../src/gap.js';
import { CONNECT_OUTCOMES, REFUSAL_REASONS, RESUME_OUTCOMES } from '../../../src/metrics/channel-metrics.js';
import { serve } from '../../plugins/serve.js';
import type { Fault } from '../fault.js';
import { bookFaults, TRAFFIC } from './books-case.js';
import { CLIENT_BOOKS } from './books-clients.js';
import { DOOR_BOOKS } from './books-door.js';
import { UPSTREAM_BOOKS } from './books-upstreams.js';

const CASES = { ...CLIENT_BOOKS, ...UPSTREAM_BOOKS, ...DOOR_BOOKS };

/** The label values that the cases reach, by metric. */
function reached(): Map<string, Set<string>> {
  const labels = new Map<string, Set<string>>();
  for (const series of Object.values(CASES).flatMap(({ moves }) => moves)) {
    const [, name, value] = /^([a-z_]+)(?:\{.*(?:reason|outcome)="(.+)"\})?$/.exec(series)!;
    const values = labels.get(name!) ?? new Set();
    if (value !== undefined) values.add(value);
    labels.set(name!, values);
  }
  return labels;
}

const whole: Fault = {
  name: 'books: the table is whole',
  promise: 'every reason and every outcome that exists is reached by an injected fault',
  run: async (scene) => {
    const labels = reached();
    const of = (metric: string): string[] => [...(labels.get(metric) ?? [])].sort();
    const same = (metric: string, values: readonly string[]): void =>
      assert.deepEqual(of(metric), [...values].sort(), metric);
    same('connections_refused_total', REFUSAL_REASONS);
    same('resumes_total', RESUME_OUTCOMES);
    same('gaps_total', GAP_REASONS);
    same('upstream_connects_total', CONNECT_OUTCOMES);
    same('upstream_reconnects_total', CONNECT_OUTCOMES);
    const attempts = Object.values(CASES).flatMap(({ attempt }) => attempt ?? []);
    const ends = [...of('client_disconnects_total'), ...of('upstream_disconnects_total'), ...attempts];
    assert.deepEqual([...new Set(ends)].sort(), [...CLOSE_REASONS].sort(), 'close reasons');
    // Whatever ends a stream may end it before an event.
    same('events_dropped_total', ['aborted', ...of('client_disconnects_total')]);
    const gateway = await serve(scene);
    const text = (await gateway.ask('/metrics')).text;
    const counters = [...text.matchAll(/^# TYPE sse_gateway_(\S+) counter$/gm)].map(([, name]) => name!);
    assert.deepEqual(counters.sort(), [...labels.keys(), ...TRAFFIC].sort(), 'counters');
    const values = [...labels.values()].reduce((sum, { size }) => sum + size, 0);
    return { seen: `${Object.keys(CASES).length} faults, ${values} label values of ${labels.size} counters` };
  },
};

export const BOOK_FAULTS: readonly Fault[] = [...bookFaults(CASES), whole];
