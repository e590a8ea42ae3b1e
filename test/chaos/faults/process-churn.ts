/** Clients that come and go in every manner, for a long time: nothing of them stays behind. */
import assert from 'node:assert/strict';
import { SseClient } from '../../helpers/sse-client.js';
import { poll } from '../../interop/poll.js';
import type { Fault, Scene } from '../fault.js';
import { type GatewayProcess, hostApp, passes, settled, upstreamOf } from '../process/stage.js';
import { slope, type Vitals } from '../process/vitals.js';

const MIB = 1_048_576;
const INCUMBENTS = 20;
/** Clients of one round, and how many of them are there at once. */
const ROUND = 60;
const SAMPLES = 5;
/** Beside those of subscribers: of the upstream, and of whoever asks for the vitals. */
const OTHER_SOCKETS = 4;
/** What the log and the memory of repeats hold: they are full before anything is measured. */
const HISTORY = 2_000;
/** What each form runs for, and the growth it allows from the first sample to the last. */
const FORMS = {
  short: { ms: 4_000, heapBytes: 2 * MIB, rssBytes: 32 * MIB },
  full: { ms: 30 * 60_000, heapBytes: 4 * MIB, rssBytes: 32 * MIB },
};

/** How a client leaves; each gets one that has its first event. */
const LEAVES: readonly ((client: SseClient, gateway: GatewayProcess) => unknown)[] = [
  (client) => client.destroy(),
  (client) => client.reset(),
  // It reads no more and says nothing: half-open, until its age ends it.
  (client) => {
    client.pause();
    void client.closed;
    setTimeout(() => client.destroy(), 1_500);
  },
  // Back with the id it had, and gone for good in the middle of what comes.
  async (client) => {
    const heir = client.reconnect();
    await heir.waitFor(1).catch(() => undefined);
    heir.reset();
  },
  // Back with an id that nobody knows.
  async (client) => {
    const heir = client.reconnect({ lastEventId: 'nobody’s' });
    await heir.opened().catch(() => undefined);
    heir.destroy();
  },
  // Gone before it is answered.
  (client, { port }) => {
    client.destroy();
    new SseClient({ port, keep: 'check' }).reset();
  },
  // To a channel of its own, which is forgotten behind it.
  async (client, { port }) => {
    client.destroy();
    const other = new SseClient({ port, keep: 'check', path: `/events/rooms/${Math.random()}` });
    await other.opened().catch(() => undefined);
    other.destroy();
  },
];

async function churn(scene: Scene, detachStreams: boolean) {
  const { ms, heapBytes, rssBytes } = scene.full ? FORMS.full : FORMS.short;
  const upstream = await upstreamOf(scene, { history: 1_000 });
  const brisk = {
    replay: true,
    retainEvents: 500,
    lingerMs: 200,
    resumeWaitMs: 200,
    maxAgeMs: 1_000,
  } as const;
  const url = `http://127.0.0.1:${upstream.port}`;
  const gateway = await hostApp(
    scene,
    {
      detachStreams,
      defaults: brisk,
      channels: { events: { url: `${url}/events` }, 'rooms/:room': { url: `${url}/:room`, maxChannels: 50 } },
    },
    { nodeArgs: ['--expose-gc'] },
  );
  await gateway.client().opened();
  await upstream.waitForConnections(1);
  upstream.publishNumbered(HISTORY);
  upstream.start(50);
  let incumbents = await gateway.readers(INCUMBENTS);
  /** Incumbents come back whenever their age ends their stream, and are judged across it. */
  const returned = async (): Promise<void> => {
    incumbents = incumbents.map((client) => (client.ended === undefined ? client : client.reconnect()));
    await Promise.all(incumbents.map((client) => client.waitFor(1)));
  };
  let visits = 0;
  const round = async (): Promise<void> => {
    const clients = Array.from({ length: ROUND }, () => gateway.client());
    await Promise.all(
      clients.map(async (client, i) => {
        await client.waitFor(1);
        await LEAVES[scene.whole(0, LEAVES.length - 1)]!(client, gateway);
        visits += i === 0 ? ROUND : 0;
      }),
    );
    await returned();
  };
  /** Once everyone else is gone, and their sockets are. */
  const quietVitals = (): Promise<Vitals> =>
    poll(async () => {
      const answer = await fetch(`http://127.0.0.1:${gateway.port}/vitals`);
      const vitals = (await answer.json()) as Vitals;
      return vitals.resources['TCPSocketWrap']! - vitals.subscribers <= OTHER_SOCKETS ? vitals : undefined;
    }, 'a gateway of incumbents only');

  // What is made once and kept (code, pools, connections that wait for more) is there behind these.
  for (let i = 0; i < 3; i += 1) await round();
  const samples = [await quietVitals()];
  for (let sample = 1; sample < SAMPLES; sample += 1) {
    const until = performance.now() + ms / SAMPLES;
    while (performance.now() < until) {
      await round();
      // A round is over when its last client is gone; the half-open ones take their time.
      if (scene.full) await passes(500);
    }
    samples.push(await quietVitals());
    scene.progress(`${visits} visits, ${(samples.at(-1)!.heapUsed / MIB).toFixed(1)} MiB of live heap`);
  }
  upstream.stop();
  await returned();
  const outcome = await settled(incumbents, upstream.publishNumbered());
  assert.deepEqual(outcome, { lost: 0, duplicated: 0, announced: 0 });
  const [first, last] = [samples[0]!, samples.at(-1)!];
  const grown = (of: (vitals: Vitals) => number): number => slope(samples.map(of)) * (SAMPLES - 1);
  const heap = grown(({ heapUsed }) => heapUsed);
  const rss = grown(({ rss }) => rss);
  // Incumbents come and go themselves, which is no growth.
  const descriptors = (of: Vitals): number => of.descriptors - of.subscribers;
  const handles = (of: Vitals): number =>
    Object.values(of.resources).reduce((sum, count) => sum + count, 0) - of.subscribers;
  const counts = `beside clients ${descriptors(first)} descriptors, then ${descriptors(last)}, ${handles(first)} handles, then ${handles(last)}`;
  const seen = `${visits} visits: live heap by ${(heap / MIB).toFixed(2)} of ${heapBytes / MIB} MiB, rss by ${(rss / MIB).toFixed(1)} of ${rssBytes / MIB} MiB, ${counts}`;
  assert.ok(descriptors(last) <= descriptors(first) + OTHER_SOCKETS, seen);
  assert.ok(handles(last) <= handles(first) + OTHER_SOCKETS, seen);
  assert.ok(heap < heapBytes, seen);
  assert.ok(rss < rssBytes, seen);
  return { ...outcome, memoryBytes: Math.max(0, rss), seen };
}

export const CHURN: readonly Fault[] = [false, true].map((detachStreams) => ({
  name: `process: churn${detachStreams ? ' of detached streams' : ''}`,
  promise: 'live heap, resident memory, descriptors and handles stay flat',
  limitMs: { short: 60_000, full: 45 * 60_000 },
  run: (scene) => churn(scene, detachStreams),
}));
