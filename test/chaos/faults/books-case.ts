/**
 * One injected fault and the series that it moves, each by exactly one: what such a case is, and how it becomes a row. A
 * fault series is a counter that no traffic moves; the others are named in `TRAFFIC`, gauges and histograms are no counts
 * of faults. The books must balance before and after.
 */
import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import type { SseGatewayOptions } from '../../../plugins/options.js';
import type { CloseReason } from '../../../src/errors.js';
import type { ChannelOptions } from '../../../src/options.js';
import { freePort } from '../../helpers/process.js';
import type { SseClient } from '../../helpers/sse-client.js';
import { imbalance, moved, parse, type Scrape } from '../../plugins/scrape.js';
import { type Served, serve } from '../../plugins/serve.js';
import type { Fault, Scene } from '../fault.js';

/** Counters that move with every event, whatever goes wrong. */
export const TRAFFIC: readonly string[] = [
  'events_in_total',
  'events_offered_total',
  'events_out_total',
  'bytes_in_total',
  'bytes_out_total',
  'pool_hits_total',
  'pool_misses_total',
];

export interface BookCase {
  /** Options of the channel `prices` beside its URL, or with another; `origin` is that of the scripted upstream. */
  readonly channel?: ChannelOptions | ((scene: Scene, origin: string) => Promise<ChannelOptions>);
  readonly gateway?: Partial<SseGatewayOptions>;
  /** What is done before the fault; its clients are handed on. */
  readonly before?: (gateway: Served) => Promise<SseClient[]>;
  readonly inject: (gateway: Served, clients: SseClient[]) => unknown;
  /** The fault's own series, then those that count what it brings about. All move by one, and no other fault series does. */
  readonly moves: readonly [string, ...string[]];
  /** What the log says of an upstream attempt that failed: no series has it as a label. */
  readonly attempt?: CloseReason;
}

export type BookCases = Readonly<Record<string, BookCase>>;

/** How long the series may take to say so, ms. */
const WAIT_MS = 5_000;

export function bookFaults(cases: BookCases): Fault[] {
  return Object.entries(cases).map(([name, one]) => ({
    name: `books: ${name}`,
    promise: `moves ${one.moves[0]} by exactly one, and no fault series that it has nothing to do with`,
    run: (scene) => run(one, scene),
  }));
}

async function run({ channel = {}, gateway: more, before, inject, moves, attempt }: BookCase, scene: Scene) {
  const lines: string[] = [];
  const port = await freePort();
  const options = typeof channel === 'function' ? await channel(scene, `http://127.0.0.1:${port}`) : channel;
  const registry = new Registry();
  let last: Scrape | undefined;
  const gateway = await serve(
    scene,
    (origin) => ({ channels: { prices: { url: origin, ...options } }, metrics: { registry }, ...more }),
    {
      upstream: { port },
      fastify: { logger: { level: 'info', stream: { write: (line: string) => void lines.push(line) } } },
      // What can be said when it is over: hooks of the end run in the reverse order.
      after: (app) =>
        app.addHook('onClose', async () => {
          last = parse(await registry.metrics());
        }),
    },
  );
  const look = async (): Promise<Scrape> => last ?? parse((await gateway.ask('/metrics')).text);
  const clients = (await before?.(gateway)) ?? [];
  const start = await look();
  assert.equal(imbalance(start), 0, 'the books balance before');
  await inject(gateway, clients);
  const expected = Object.fromEntries(moves.map((series) => [series, 1]));
  let seen: Record<string, number> = {};
  const settled = async (): Promise<boolean> => {
    seen = faultsOf(moved(start, await look()));
    return JSON.stringify(sorted(seen)) === JSON.stringify(sorted(expected));
  };
  const deadline = performance.now() + WAIT_MS;
  while (!(await settled()) && performance.now() < deadline);
  // A count too many comes late.
  await settled();
  assert.deepEqual(sorted(seen), sorted(expected));
  assert.equal(imbalance(await look()), 0, 'the books balance');
  if (attempt !== undefined) {
    const lost = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'upstream lost');
    assert.equal(lost.at(-1)?.reason, attempt, 'the reason in the log');
  }
  return { seen: moves.join(', ') };
}

function faultsOf(diff: Record<string, number>): Record<string, number> {
  const faults = Object.entries(diff).filter(([series]) => {
    const name = series.replace(/\{.*/, '');
    return name.endsWith('_total') && !TRAFFIC.includes(name);
  });
  return Object.fromEntries(faults);
}

function sorted(series: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(series).sort(([a], [b]) => (a < b ? -1 : 1)));
}
