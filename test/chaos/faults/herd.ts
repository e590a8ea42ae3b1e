/** Crowds as faults: everybody comes back at once, everybody is far behind, more come than may. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SseGatewayOptions } from '../../../plugins/options.js';
import type { ChannelOptions } from '../../../src/options.js';
import { GatewayLife } from '../../exactness/fixtures/gateway-life.js';
import { ScriptedUpstream } from '../../helpers/scripted-upstream.js';
import { scrape } from '../../interop/scrape.js';
import type { Fault, Outcome, Scene } from '../fault.js';
import { Herd, type HerdOptions } from '../fixtures/herd.js';
import { figures, Incumbents } from '../fixtures/incumbents.js';

/** Events while the herd comes: in the long form few, or clients by the thousand would be busy with those alone. */
const PER_SECOND = { short: 50, full: 5 };
const INCUMBENTS = 50;
const CALM_MS = 1_500;
/**
 * What live delivery may take while the herd is served, as its p99 against that of the calm before: the accepts of a herd
 * come in one turn of the loop, and everybody shares the machine with it.
 */
const TIMES_CALM = 20;
const PLUS_MS = 500;
/** Those of a large herd may all arrive in one turn: what it costs to answer one, ms, be it by a refusal. */
const REQUEST_MS = 0.25;

interface Stage {
  readonly upstream: ScriptedUpstream;
  readonly gateway: GatewayLife;
  readonly incumbents: Incumbents;
}

/** A gateway with incumbents before an upstream whose history of `events` they have. */
async function stage(
  scene: Scene,
  events: number,
  dataBytes: number,
  { channel = {}, ...options }: Omit<SseGatewayOptions, 'channels'> & { channel?: ChannelOptions } = {},
): Promise<Stage> {
  const upstream = await ScriptedUpstream.listen({ dataBytes });
  scene.teardown(() => upstream.close());
  const prices = { url: upstream.url, replay: true, always: true, ...channel };
  const gateway = await GatewayLife.begin(scene, { channels: { prices }, ...options });
  const incumbents = await Incumbents.enter(scene, gateway.port, INCUMBENTS);
  await upstream.waitForConnections(1);
  await incumbents.waitForLast(upstream.publishNumbered(events), 60_000);
  return { upstream, gateway, incumbents };
}

/** The herd comes, each client behind a number of its own, and has everything; how it and the incumbents fared. */
async function stampede(
  scene: Scene,
  { upstream, gateway, incumbents }: Stage,
  options: Omit<HerdOptions, 'port'>,
  look: (elapsedMs: () => number) => Promise<unknown> = async () => undefined,
): Promise<{ seen: string; refused: number }> {
  upstream.start(PER_SECOND[scene.full ? 'full' : 'short']);
  const calm = incumbents.time();
  await sleep(CALM_MS);
  const herd = new Herd(scene, { port: gateway.port, ...options });
  await herd.status();
  const during = incumbents.time();
  const began = performance.now();
  await herd.enter();
  await herd.waitFor(
    async ({ inside }) => {
      await look(() => performance.now() - began);
      return inside === herd.size;
    },
    'everybody inside',
    { deadlineMs: 300_000 },
  );
  const last = upstream.number;
  await herd.waitFor(({ behind }) => behind === 0, 'everybody caught up', { last, deadlineMs: 120_000 });
  const seconds = (performance.now() - began) / 1_000;
  incumbents.time();
  upstream.stop();
  await incumbents.waitForLast(upstream.number);
  const { refused, exact, gaps } = await herd.waitFor(({ behind }) => behind === 0, 'everybody at the end', {
    last: upstream.number,
  });
  assert.deepEqual({ exact, gaps }, { exact: herd.size, gaps: 0 }, 'each is served once, where it stood');
  incumbents.assertUnharmed();
  assert.equal(upstream.requests.length, 1, 'the upstream is asked once, by nobody of the herd');
  const limit = TIMES_CALM * calm.quantile(0.99) + Math.max(PLUS_MS, REQUEST_MS * herd.size);
  assert.ok(during.quantile(0.99) <= limit, `incumbents waited: ${figures(during)}, calm ${figures(calm)}`);
  const times = (during.quantile(0.99) / calm.quantile(0.99)).toFixed(1);
  const seen = `${herd.size} clients caught up in ${seconds.toFixed(1)} s, ${refused} refusals on the way; live: ${figures(during)}, calm ${figures(calm)}, ratio of p99 ${times}, limit ${limit.toFixed(0)} ms`;
  return { seen, refused };
}

async function comesBack(scene: Scene): Promise<Outcome> {
  const size = scene.full ? 9_000 : 600;
  const acceptsPerSecond = size / (scene.full ? 25 : 8);
  const events = 2_000;
  const set = await stage(scene, events, 300, { acceptsPerSecond });
  const standing = Array.from({ length: size }, () => scene.whole(1, events - 1));
  const herd = { standing, patience: scene.full ? 0.1 : 0.03, processes: scene.full ? 3 : 2 };
  let over = Number.NEGATIVE_INFINITY;
  const { seen, refused } = await stampede(scene, set, herd, async (elapsedMs) => {
    const streams = (await scrape(set.gateway.port)).sum('resumes_total') - INCUMBENTS;
    // As many as the rate may begin at once after a quiet second.
    over = Math.max(over, streams - acceptsPerSecond * (1 + elapsedMs() / 1_000));
  });
  assert.ok(over <= 0, `${over} streams more than ${acceptsPerSecond} per second began`);
  assert.ok(refused > 0, 'the rate was a limit');
  const metrics = await scrape(set.gateway.port);
  assert.equal(metrics.sum('connections_refused_total', { reason: 'accept-rate' }), refused);
  return { lost: 0, duplicated: 0, announced: 0, seen: `${seen}; ${acceptsPerSecond} accepts/s kept` };
}

async function isFarBehind(scene: Scene): Promise<Outcome> {
  const size = scene.full ? 3_000 : 400;
  const events = 4_000;
  const set = await stage(scene, events, 1_000);
  const standing = Array.from({ length: size }, () => scene.whole(1, events / 4));
  const { seen } = await stampede(scene, set, { standing });
  return { lost: 0, duplicated: 0, announced: 0, seen: `some 3 MB of history each: ${seen}` };
}

const CAPS: Record<string, (inside: number) => { channel?: ChannelOptions } & Partial<SseGatewayOptions>> = {
  'connection-limit': (inside) => ({ maxConnections: inside + INCUMBENTS }),
  'channel-full': (inside) => ({ channel: { maxSubscribers: inside + INCUMBENTS } }),
  // The incumbents have an address of their own.
  'ip-limit': (inside) => ({ maxConnectionsPerIp: Math.max(inside / 4, INCUMBENTS) }),
};

async function moreThanMay(scene: Scene): Promise<Outcome> {
  const cap = scene.full ? 2_000 : 200;
  const seen: string[] = [];
  for (const [reason, options] of Object.entries(CAPS)) {
    scene.progress(reason);
    const { upstream, gateway, incumbents } = await stage(scene, 100, 100, options(cap));
    const standing = Array.from({ length: cap * 2 }, () => scene.whole(1, 99));
    const herd = new Herd(scene, { port: gateway.port, standing, patience: 0.01, addresses: 4 });
    await herd.enter();
    const full = await herd.waitFor(
      ({ inside, refused, behind }) => inside >= cap && refused >= cap * 2 && behind <= cap,
      'all places taken, and the others refused again and again',
      { last: 100 },
    );
    assert.equal(full.exact, cap, 'not one more than may');
    await incumbents.waitForLast(upstream.publishNumbered(50));
    incumbents.assertUnharmed();
    const metrics = await scrape(gateway.port);
    assert.equal(metrics.sum('subscribers'), cap + INCUMBENTS);
    assert.equal(
      metrics.sum('connections_refused_total'),
      metrics.sum('connections_refused_total', { reason }),
    );
    // None has given up for good, as an EventSource does at a status: who stays gets the places of those who leave.
    await herd.leaveInside();
    await herd.waitFor(({ inside }) => inside === cap * 2, 'the refused in the places of those who left');
    await herd.leave();
    assert.equal(upstream.requests.length, 1);
    seen.push(`${reason}: ${cap} of ${cap * 2} inside, ${full.refused} refusals`);
  }
  return { lost: 0, duplicated: 0, announced: 0, seen: seen.join('; ') };
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'herd: everybody comes back at once',
    promise:
      'each goes on where it stood, from memory, at the rate of acceptsPerSecond; one upstream connection; incumbents miss nothing',
    run: comesBack,
  },
  {
    name: 'herd: everybody is megabytes behind',
    promise: 'history waits for what is live, and all of it comes',
    run: isFarBehind,
  },
  {
    name: 'herd: more come than may',
    promise: 'the cap of all, of the channel or of the address holds; the refused come back, incumbents stay',
    run: moreThanMay,
  },
];
