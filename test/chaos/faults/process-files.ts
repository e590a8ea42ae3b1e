/** A process that has no file descriptor left: it can accept nobody, and connect to nobody. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rawRequest } from '../../helpers/raw-http.js';
import { until } from '../../helpers/waits.js';
import type { Fault, Scene } from '../fault.js';
import { command, type GatewayProcess, settled, upstreamOf } from '../process/stage.js';

const INCUMBENTS = 20;
const NEWCOMERS = 30;
/** Descriptors left below the limit. */
const FREE = 3;

/** From now on the process may have no descriptor from `limit` on; those that it has stay. */
function limitDescriptors(gateway: GatewayProcess, limit: number): void {
  execFileSync('prlimit', ['--pid', String(gateway.pid), `--nofile=${limit}:`]);
}

/** The limit below which so many descriptors are free. */
function limitWith(free: number, taken: readonly number[]): number {
  let limit = 0;
  for (let left = free; left > 0 || taken.includes(limit); limit += 1) if (!taken.includes(limit)) left -= 1;
  return limit;
}

async function noDescriptors(scene: Scene) {
  const upstream = await upstreamOf(scene);
  const channel = { url: upstream.url, replay: true, backoffBaseMs: 100, backoffMaxMs: 400 };
  const gateway = await command(scene, { channels: { events: channel } });
  upstream.start(50);
  const incumbents = await gateway.readers(INCUMBENTS);
  const before = gateway.descriptors;
  limitDescriptors(gateway, limitWith(FREE, before));

  // Raw ones: how a connection ends that nobody takes is what is looked at.
  const head = 'GET /events/events HTTP/1.1\r\nHost: gateway\r\nAccept: text/event-stream\r\n\r\n';
  const newcomers = Array.from({ length: NEWCOMERS }, () => rawRequest(gateway.port, head));
  scene.teardown(() => {
    for (const newcomer of newcomers) newcomer.destroy();
  });
  const served = new Set<unknown>();
  const turnedAway = new Set<unknown>();
  for (const newcomer of newcomers) {
    void newcomer.waitFor('data:', 30_000).then(
      () => served.add(newcomer),
      () => undefined,
    );
    void newcomer.closed.then(() => turnedAway.add(newcomer));
  }
  await until(
    () => served.size + turnedAway.size === NEWCOMERS,
    () => `${served.size} served, ${turnedAway.size} turned away`,
  );
  assert.ok(served.size <= FREE, `${served.size} served on ${FREE} descriptors`);
  const [first] = incumbents;
  await first!.waitFor(first!.count + 20);

  // Not even those that become free: the upstream's, and the one that libuv keeps in reserve to turn newcomers away with.
  limitDescriptors(gateway, 3);
  const asked = upstream.requests.length;
  upstream.cutAll();
  await gateway.child.waitForLine(/"code":"SSE_GATEWAY_UPSTREAM_CONNECT","error":"[^"]*EMFILE/);
  assert.equal(upstream.requests.length, asked);
  const waiting = rawRequest(gateway.port, head);
  scene.teardown(() => waiting.destroy());

  limitDescriptors(gateway, 1_000);
  await upstream.waitForConnections(1);
  await waiting.waitFor('data:');
  const late = await gateway.readers(5);
  upstream.stop();
  const outcome = await settled([...incumbents, ...late], upstream.publishNumbered());
  assert.deepEqual(outcome, { lost: 0, duplicated: 0, announced: 0 });
  assert.equal(gateway.child.exit, undefined);
  assert.equal(incumbents.filter(({ ended }) => ended !== undefined).length, 0);
  const figures = `${NEWCOMERS} newcomers on ${FREE} descriptors: ${served.size} served, ${turnedAway.size} closed at once`;
  return {
    ...outcome,
    seen: `${figures}; ${INCUMBENTS} incumbents undisturbed, upstream back once there were some`,
  };
}

export const FILES: readonly Fault[] = [
  {
    name: 'process: no file descriptors',
    promise: 'newcomers are closed, incumbents undisturbed, the upstream is retried, all of it heals',
    missing: () => (process.platform === 'linux' ? undefined : 'takes prlimit and /proc'),
    run: noDescriptors,
  },
];
