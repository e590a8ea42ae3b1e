/**
 * Last-Event-IDs that are not the client's own: of other channels, users and lives of the gateway, made up, broken, huge.
 * What is replayed is always of the channel, the parameters and the forwarded credentials of who asks.
 */
import { strict as assert } from 'node:assert';
import { RawConnection } from '../../helpers/raw-http.js';
import type { SseClient } from '../../helpers/sse-client.js';
import { until } from '../../helpers/waits.js';
import { type Served, serve } from '../../plugins/serve.js';
import type { Fault, Scene } from '../fault.js';
import { OwnedUpstream, ownerOf } from './owned-upstream.js';

/** A channel as one client sees it, and what its events must say. */
interface Scope {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly owner: string;
}

const AMY = { authorization: 'Bearer amy', cookie: 'session=amy' };
const BEN = { authorization: 'Bearer ben', cookie: 'session=ben' };

const SCOPES: readonly Scope[] = [
  { path: '/events/declared', headers: {}, owner: ownerOf('/declared') },
  { path: '/events/proven', headers: AMY, owner: ownerOf('/proven') },
  { path: '/events/unknown', headers: BEN, owner: ownerOf('/unknown') },
  { path: '/events/minted', headers: {}, owner: ownerOf('/minted') },
  { path: '/events/rooms/attic', headers: {}, owner: ownerOf('/rooms/attic') },
  { path: '/events/rooms/cellar', headers: AMY, owner: ownerOf('/rooms/cellar') },
  { path: '/events/mine', headers: {}, owner: ownerOf('/mine') },
  { path: '/events/mine', headers: AMY, owner: ownerOf('/mine', AMY.authorization, AMY.cookie) },
  { path: '/events/mine', headers: BEN, owner: ownerOf('/mine', BEN.authorization, BEN.cookie) },
  { path: '/events/my/attic', headers: AMY, owner: ownerOf('/my/attic', AMY.authorization) },
  { path: '/events/my/attic', headers: BEN, owner: ownerOf('/my/attic', BEN.authorization) },
];

const BATCH = 22;

function life(scene: Scene, { origin }: OwnedUpstream): Promise<Served> {
  const url = (path: string) => ({ url: origin + path });
  return serve(scene, {
    defaults: { resumeWaitMs: 150, heartbeatMs: 100, retainEvents: 40, backoffBaseMs: 100 },
    channels: {
      declared: { ...url('/declared'), replay: true },
      proven: { ...url('/proven'), replay: 'proven' },
      unknown: url('/unknown'),
      minted: { ...url('/minted'), ids: 'gateway' },
      'rooms/:room': { ...url('/rooms/:room'), replay: true },
      mine: { ...url('/mine'), replay: true, forwardHeaders: ['authorization', 'cookie'] },
      'my/:room': { ...url('/my/:room'), replay: true, forwardHeaders: ['authorization'] },
    },
  });
}

/** One client per scope that stays, from the first event on. */
async function incumbents(gateway: Served, upstream: OwnedUpstream): Promise<SseClient[]> {
  const clients = await Promise.all(SCOPES.map(({ path, headers }) => gateway.reader({ path, headers })));
  await until(
    () => upstream.connections === SCOPES.length,
    () => `${upstream.connections} upstream connections`,
  );
  return clients;
}

async function publish(upstream: OwnedUpstream, clients: readonly SseClient[], count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) upstream.publish();
  await Promise.all(clients.map((client) => reached(client, upstream.count)));
}

const numberOf = (data: string | undefined): number => Number(JSON.parse(data ?? '{}').n ?? 0);

async function reached(client: SseClient, n: number): Promise<void> {
  await client.waitFor(({ events }) => numberOf(events.at(-1)?.data) >= n, `event ${n}`);
}

/** Events of a client that are for somebody else. */
function foreign(client: SseClient, { owner }: Scope): number {
  const own = client.events.filter(({ type }) => !type.startsWith('gateway.'));
  return own.filter(({ data }) => JSON.parse(data).owner !== owner).length;
}

/** An id that a client of `scope` should not have. */
function forge(scene: Scene, pool: readonly (readonly string[])[], scope: number): string {
  const pick = <T>(list: readonly T[]): T => list[scene.whole(0, list.length - 1)]!;
  const others = pool.filter((_, i) => i !== scope).flat();
  const letters = (count: number, low: number, high: number) =>
    String.fromCodePoint(...Array.from({ length: count }, () => scene.whole(low, high)));
  const epoch = () => scene.whole(0, 2 ** 30).toString(36);
  return pick([
    () => pick(others),
    () => pick(others),
    () => `${scene.whole(1, 60)}-${pick(others).split('-')[1]?.split(';')[0] ?? epoch()}`,
    () => `${scene.whole(1, 60)}-${epoch()};${pick(others)}`,
    () => `${'9'.repeat(scene.whole(1, 30))}-${epoch()}`,
    () => letters(scene.whole(1, 40), 0x21, 0x7e),
    () => letters(scene.whole(1, 40), 0xa1, 0xd7ff),
    () => 'x'.repeat(scene.whole(500, 14_000)),
    () => `${pick(others)};${'z'.repeat(scene.whole(1, 5_000))}`,
    () => pick(['__proto__', 'constructor', '0', '-1', 'null', '../prices', '*', '0-0', ';', '#']),
  ])();
}

/** Random bytes where a client may put an id into a query. */
function forgedQuery(scene: Scene): string {
  const bytes = Array.from({ length: scene.whole(1, 60) }, () => scene.whole(0, 255));
  return `?lastEventId=${bytes.map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')}`;
}

export const FORGED_IDS: readonly Fault[] = [
  {
    name: 'access: forged and foreign Last-Event-ID',
    promise: "whatever id a client brings, it gets its own channel's and user's events, and disturbs nobody",
    limitMs: { short: 60_000, full: 600_000 },
    run: async (scene) => {
      const upstream = await OwnedUpstream.listen();
      scene.teardown(() => upstream.close());
      const pool: string[][] = SCOPES.map(() => []);
      const collect = (clients: readonly SseClient[]) =>
        clients.forEach(({ events }, i) => {
          pool[i]!.push(...events.flatMap(({ id }) => (id ? [id] : [])));
        });

      const first = await life(scene, upstream);
      const earlier = await incumbents(first, upstream);
      await publish(upstream, earlier, 20);
      collect(earlier);
      await first.close();

      const gateway = await life(scene, upstream);
      const staying = await incumbents(gateway, upstream);
      await publish(upstream, staying, 20);
      collect(staying);
      const attempts = scene.full ? 11_000 : 440;
      let foreignEvents = 0;
      let received = 0;
      const statuses: Record<number, number> = {};
      for (let done = 0; done < attempts; done += BATCH) {
        const batch = Array.from({ length: BATCH }, (_, i) => {
          const scope = (done + i) % SCOPES.length;
          const { path, headers } = SCOPES[scope]!;
          const client =
            scene.random() < 0.2
              ? gateway.client({ path: path + forgedQuery(scene), headers })
              : gateway.client({ path, headers, lastEventId: forge(scene, pool, scope) });
          return { client, scope: SCOPES[scope]! };
        });
        for (const { client } of batch) {
          const { status } = await client.opened();
          statuses[status] = (statuses[status] ?? 0) + 1;
        }
        upstream.publish();
        await Promise.all(
          batch.map(async ({ client, scope }) => {
            assert.equal(client.status, 200, `${scope.path}: ${client.text}`);
            await reached(client, upstream.count);
            foreignEvents += foreign(client, scope);
            received += client.count;
            client.destroy();
          }),
        );
        if (done % 1_100 === 0) scene.progress(`${done} of ${attempts} ids`);
      }

      // Ids that no header may carry, and larger ones than any head may be.
      for (const id of ['a\0b', `a\rb`, 'y'.repeat(100_000)]) {
        const raw = new RawConnection(
          gateway.port,
          `GET /events/mine HTTP/1.1\r\nHost: a\r\nLast-Event-ID: ${id}\r\n\r\n`,
        );
        scene.teardown(() => raw.destroy());
        assert.match(await raw.waitForClose(), /^HTTP\/1\.1 4\d\d /);
      }

      await publish(upstream, staying, 1);
      let lost = 0;
      let announced = 0;
      staying.forEach((client, i) => {
        assert.equal(foreign(client, SCOPES[i]!), 0);
        const numbers = client.events.flatMap(({ type, data }) =>
          type === 'gateway.gap' ? [] : [numberOf(data)],
        );
        announced += client.events.length - numbers.length;
        lost += numbers.at(-1)! - numbers[0]! + 1 - numbers.length;
      });
      assert.equal(foreignEvents, 0, 'events of somebody else');
      assert.deepEqual([lost, announced], [0, 0], 'those who stay miss nothing and are told nothing');
      const known = new Set(SCOPES.map(({ owner }) => owner));
      assert.deepEqual(
        upstream.owners.filter((owner) => !known.has(owner)),
        [],
        'no other scope was ever asked for',
      );
      const seen = `${attempts} ids, ${received} events, ${foreignEvents} of somebody else; statuses ${JSON.stringify(statuses)}; ${upstream.requests.length} upstream requests`;
      return { lost, announced, seen };
    },
  },
];
