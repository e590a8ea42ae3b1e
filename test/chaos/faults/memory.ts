/** Faults that cost memory: floods, clients that don't read, and ids that somebody made up. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { until } from '../../helpers/waits.js';
import { scrape } from '../../plugins/scrape.js';
import { type Served, serve } from '../../plugins/serve.js';
import type { Fault, Outcome, Scene } from '../fault.js';
import { lowMemory } from './low-memory.js';

const MIB = 1_048_576;
const KIB = 1_024;
/** Of the segments of a busy channel. */
const SLAB_BYTES = 64 * KIB;

const held = (gateway: Served): number => gateway.app.sseGateway.stats().logBytes;
const disconnects = async (gateway: Served, reason: string): Promise<number> =>
  (await scrape(gateway)).get(`client_disconnects_total{channel="flood",reason="${reason}"}`) ?? 0;

/** Publishes so many bytes in events of `bytes`, turn by turn; calls `look` between. */
async function flood(
  gateway: Served,
  total: number,
  bytes: number,
  look = (): void => undefined,
): Promise<void> {
  const data = 'x'.repeat(bytes);
  for (let sent = 0; sent < total; ) {
    for (let turn = 0; turn < 128 * KIB && sent < total; turn += bytes) {
      gateway.app.sseGateway.publish('flood', { data });
      sent += bytes;
    }
    look();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Small and large events flood one channel beside quiet ones: who knows the quiet ones' first id gets all behind it. */
async function quietNeighbours(scene: Scene): Promise<Outcome> {
  const maxLogBytes = 4 * MIB;
  const rooms = 7;
  const events = 50;
  const gateway = await serve(scene, { channels: { flood: {}, 'quiet/:room': {} }, maxLogBytes });
  const first: string[] = [];
  for (let room = 0; room < rooms; room += 1) {
    const path = `/events/quiet/${room}`;
    const client = await gateway.reader({ path });
    for (let n = 1; n <= events; n += 1)
      gateway.app.sseGateway.publish(`quiet/${room}`, {
        data: JSON.stringify({ n, text: 'q'.repeat(4_000) }),
      });
    await client.waitFor(events);
    first.push(client.events[0]!.id);
  }
  const reader = await gateway.reader({ path: '/events/flood', keep: 'last' });
  let most = 0;
  const look = (): void => {
    most = Math.max(most, held(gateway));
  };
  const total = (scene.full ? 500 : 30) * MIB;
  await flood(gateway, total / 2, 300, look);
  await flood(gateway, total / 2, 100_000, look);
  assert.ok(most <= maxLogBytes, `${most} bytes were held, of ${maxLogBytes}`);
  assert.ok(most > maxLogBytes / 2, 'there was pressure');
  for (let room = 0; room < rooms; room += 1) {
    const client = gateway.client({ path: `/events/quiet/${room}`, lastEventId: first[room]! });
    await client.waitFor(events - 1);
    assert.equal(client.headers['sse-gateway-resume'], 'exact');
    assert.deepEqual(
      client.data.map((data) => (JSON.parse(data) as { n: number }).n),
      Array.from({ length: events - 1 }, (_, i) => i + 2),
    );
  }
  assert.equal(reader.ended, undefined, 'who reads the flood stays');
  const share = maxLogBytes / (rooms + 1);
  return {
    lost: 0,
    duplicated: 0,
    seen: `${total / MIB} MiB flooded, ${rooms} neighbours keep all their ${(events * 4_000) / KIB} KiB (share ${share / KIB} KiB); at most ${(most / MIB).toFixed(2)} of ${maxLogBytes / MIB} MiB held`,
  };
}

/** Clients that never read hold what was trimmed: they go, who reads stays, and a flood that is over is over. */
async function heldByTheSlow(scene: Scene): Promise<Outcome> {
  const maxLogBytes = MIB;
  const slow = scene.full ? 150 : 40;
  const flooded = { retainBytes: 32 * MIB, stalledMs: 600_000 };
  const gateway = await serve(scene, { channels: { flood: flooded, quiet: {} }, maxLogBytes });
  const path = '/events/flood';
  const reader = await gateway.reader({ path, keep: 'last' });
  const neighbour = await gateway.reader({ path: '/events/quiet' });
  gateway.app.sseGateway.publish('quiet', { data: 'before' });
  await neighbour.waitFor(1);
  // Each gets stuck somewhere else, and holds a slab of its own there.
  let most = 0;
  const look = (): void => {
    most = Math.max(most, held(gateway));
  };
  for (let n = 0; n < slow; n += 1) {
    const client = gateway.client({ path, paused: true, keep: 'last' });
    await until(
      () =>
        gateway.app.sseGateway.stats().channels['flood']!.subscribers > 0 && client.localPort !== undefined,
      () => 'not connected',
    );
    await flood(gateway, 256 * KIB, SLAB_BYTES - KIB, look);
  }
  // What the kernel takes for them is bounded: in the end each of them stands still.
  await flood(gateway, 20 * MIB, SLAB_BYTES - KIB, look);
  await until(
    () => held(gateway) <= maxLogBytes,
    () => `${held(gateway)} bytes held`,
  );
  const stalled = await disconnects(gateway, 'stalled');
  assert.ok(stalled > 0, 'they held more than the budget');
  const over = most - maxLogBytes;
  // What one turn commits, and a slab per client that it makes hold one.
  assert.ok(over <= 2 * MIB, `${over} bytes above the budget at the worst`);
  assert.equal(reader.ended, undefined, 'who reads stays');
  assert.equal(neighbour.ended, undefined);
  gateway.app.sseGateway.publish('quiet', { data: 'behind' });
  await neighbour.waitFor(2);

  // Now something that nobody can be closed for: an event above the budget, in the newest segment.
  const refusals = async (): Promise<number> =>
    (await scrape(gateway)).get('connections_refused_total{channel="flood",reason="memory"}') ?? 0;
  const before = await refusals();
  gateway.app.sseGateway.publish('flood', { data: 'x'.repeat(2 * maxLogBytes) });
  const refused = gateway.client({ path });
  await refused.waitForClose();
  assert.equal(refused.status, 200);
  assert.ok(refused.retry! >= 10_000 && refused.retry! <= 60_000, `retry ${refused.retry}`);
  assert.equal(await refusals(), before + 1);
  assert.equal(reader.ended, undefined, 'no incumbent goes for it');
  await flood(gateway, 256 * KIB, 1_000);
  await gateway.reader({ path });
  assert.equal(await refusals(), before + 1, 'and newcomers are let in again when it is over');
  return {
    seen: `${stalled} of ${slow} clients that never read closed as stalled, at most ${(over / KIB).toFixed(0)} KiB above the budget of ${maxLogBytes / KIB} KiB; refused while an event of twice the budget was the newest, and not behind it`,
  };
}

/** Ids that nobody was given, each of which the upstream answers with all it has. */
async function forgedIds(scene: Scene): Promise<Outcome> {
  const channels = 50;
  const ids = scene.full ? 2_000 : 500;
  const replayBytes = 64 * KIB;
  const atOnce = 16;
  const bulk = `data: ${'x'.repeat(8_000)}\n\n`;
  let open = 0;
  let most = 0;
  let requests = 0;
  let sent = 0;
  const gateway = await serve(scene, (origin) => ({
    channels: { 'rooms/:room': { url: `${origin}/rooms/:room`, replay: true, resumeWaitMs: 0, replayBytes } },
    maxReplayBytes: atOnce * replayBytes,
    connectsPerSecond: 10_000,
  }));
  const incumbents = await Promise.all(
    Array.from({ length: channels }, (_, n) => gateway.reader({ path: `/events/rooms/${n}` })),
  );
  await gateway.upstream.waitForConnections(channels);
  const endless = (response: ServerResponse): void => {
    const id = setInterval(() => {
      sent += bulk.length;
      response.write(bulk);
    }, 1);
    response.once('close', () => {
      open -= 1;
      clearInterval(id);
    });
  };
  gateway.upstream.respond((request, response) => {
    if (request.headers['last-event-id'] === undefined) return false;
    requests += 1;
    open += 1;
    most = Math.max(most, open);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    endless(response);
    return true;
  });
  let held = 0;
  const forgers = Array.from({ length: ids }, (_, n) =>
    gateway.client({ path: `/events/rooms/${n % channels}`, lastEventId: `forged-${n}`, keep: 'last' }),
  );
  const told = (): number =>
    forgers.filter(({ events: [event], count }) => count > 0 && event!.type === 'gateway.gap').length;
  await until(
    () => {
      held = Math.max(held, gateway.app.sseGateway.stats().logBytes);
      return told() === ids;
    },
    () => `${told()} of ${ids} were told; ${requests} requests`,
    scene.full ? 540_000 : 50_000,
  );
  assert.ok(most <= atOnce, `${most} private requests at once`);
  assert.ok(most > atOnce / 2, 'the allowance was used');
  assert.equal(requests, ids, 'one per id');
  gateway.upstream.publishNumbered(1);
  await Promise.all(incumbents.map((client) => client.waitFor(1)));
  const each = sent / ids;
  return {
    announced: told(),
    seen: `${ids} forged ids over ${channels} channels: at most ${most} private requests at once (allowed ${atOnce}), ${(each / KIB).toFixed(0)} KiB of upstream each (replayBytes ${replayBytes / KIB} KiB), at most ${(held / MIB).toFixed(1)} MiB in logs`,
  };
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'memory: a channel floods beside quiet ones',
    promise: 'maxLogBytes holds, and every quiet channel keeps its share of it',
    run: quietNeighbours,
  },
  {
    name: 'memory: clients that never read',
    promise:
      'history is trimmed, then those go who hold it, then newcomers are refused; who reads stays, and it recovers',
    run: heldByTheSlow,
  },
  {
    name: 'memory: forged ids',
    promise: 'they cost maxReplayBytes at once and replayBytes each, and nobody else anything',
    run: forgedIds,
  },
  ...lowMemory,
];
