/** What the rows about clients stand on: a gateway whose streams stay in their connections or leave them, and its books. */
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { SseGatewayOptions } from '../../../plugins/options.js';
import type { ChannelOptions } from '../../../src/options.js';
import { until } from '../../helpers/waits.js';
import { imbalance, scrape, sumOf } from '../../plugins/scrape.js';
import { type Served, type Setup, serve } from '../../plugins/serve.js';
import type { Fault, Outcome, Scene } from '../fault.js';

export const EVENTS = 'GET /events/prices HTTP/1.1\r\nHost: a\r\n';

export interface Stage {
  readonly gateway: Served;
  /** Why streams ended, in order. */
  readonly reasons: string[];
}

/** A gateway with the channel `prices`. */
export async function stageOf(
  scene: Scene,
  channel: ChannelOptions = {},
  gateway: Partial<SseGatewayOptions> = {},
  setup: Setup = {},
): Promise<Stage> {
  const reasons: string[] = [];
  const served = await serve(
    scene,
    (origin) => ({
      channels: { prices: { url: origin, ...channel } },
      onStream: (_request, { reason }) => reason !== undefined && reasons.push(reason),
      ...gateway,
    }),
    setup,
  );
  return { gateway: served, reasons };
}

/** The same fault against streams that stay in their connection and streams that leave it. */
export function inBothForms(
  fault: Omit<Fault, 'run'> & { run(scene: Scene, detachStreams: boolean): Promise<Outcome> },
): Fault[] {
  return [false, true].map((detachStreams) => ({
    ...fault,
    name: `${fault.name}, ${detachStreams ? 'detached' : 'attached'}`,
    run: (scene) => fault.run(scene, detachStreams),
  }));
}

/** Everyone has left, nothing is pending, and the books balance. Looked at once: who scrapes keeps a connection. */
export async function assertNobodyLeft(gateway: Served): Promise<void> {
  await gateway.waitForSubscribers(0);
  const connections = () =>
    new Promise<number>((resolve) => gateway.app.server.getConnections((_error, count) => resolve(count)));
  let open = -1;
  const count = async () => {
    open = await connections();
  };
  await until(
    () => {
      void count();
      return open === 0;
    },
    () => `${open} connections`,
  );
  await assertBalanced(gateway);
  assert.equal(sumOf(await scrape(gateway), 'events_pending'), 0, 'pending for nobody');
}

export async function assertBalanced(gateway: Served): Promise<void> {
  assert.equal(imbalance(await scrape(gateway)), 0, 'the books balance');
}

/** The heap and what hangs on it outside, bytes, without what nobody needs. */
export function memory(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

export const megabytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MB`;
