/** Who is let in, who may stay, and who shares what: tokens, origins, expiry, revocation, forwarded credentials. */
import { strict as assert } from 'node:assert';
import cors from '@fastify/cors';
import jwt from '@fastify/jwt';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { SequenceCheck } from '../../helpers/sequence-check.js';
import type { SseClient } from '../../helpers/sse-client.js';
import { until } from '../../helpers/waits.js';
import { type Served, serve } from '../../plugins/serve.js';
import type { Fault, Scene } from '../fault.js';
import { OwnedUpstream, ownerOf } from './owned-upstream.js';

const SECRET = 'a secret of this test';

interface User {
  readonly name: string;
  /** ms since the Unix epoch. */
  readonly until: number;
}

const userOf = (request: FastifyRequest): User => request.user as User;

/** @fastify/jwt in front of streams. */
async function guarded(app: FastifyInstance): Promise<void> {
  await app.register(jwt, { secret: SECRET });
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.config.sseGateway !== undefined) await request.jwtVerify();
  });
}

function token(app: FastifyInstance, name: string, lifeMs = 3_600_000): Record<string, string> {
  return { authorization: `Bearer ${app.jwt.sign({ name, until: Date.now() + lifeMs })}` };
}

/** A token that must open nothing. */
function badToken(scene: Scene, app: FastifyInstance): Record<string, string> {
  const good = app.jwt.sign({ name: 'eve' });
  const [head, body, mark] = good.split('.') as [string, string, string];
  const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
  const kinds = [
    undefined,
    'Bearer',
    `Bearer ${none}.${body}.`,
    `Bearer ${head}.${body}.${mark.slice(1)}`,
    `Bearer ${head}.${body}x.${mark}`,
    `Bearer ${app.jwt.sign({ name: 'eve' }, { expiresIn: -1 })}`,
    `Basic ${Buffer.from('eve:eve').toString('base64')}`,
    'Bearer '.padEnd(scene.whole(10, 8_000), 'x'),
  ];
  const authorization = kinds[scene.whole(0, kinds.length - 1)];
  return authorization === undefined ? {} : { authorization };
}

/** What was opened so far. A bare socket proves nothing: on a busy machine a stranger may look for another server's port. */
function opened({ app, upstream }: Served) {
  return {
    channels: Object.keys(app.sseGateway.stats().channels),
    requests: upstream.requests.map(({ url, headers }) => `${url} ${headers['accept']}`),
  };
}

/** How far apart what is due and what is seen may be, ms: a tick, and a machine that is busy. */
const SLACK_MS = 5_000;

export const ACCESS: readonly Fault[] = [
  {
    name: 'access: requests without a good token',
    promise: 'they are refused before anything is opened upstream',
    run: async (scene) => {
      const gateway = await serve(scene, {}, { before: guarded });
      const attempts = scene.full ? 5_000 : 200;
      for (let i = 0; i < attempts; i += 1) {
        const path = ['/events/prices', '/events/rooms/attic?lastEventId=5'][i % 2]!;
        const { status } = await gateway.ask(path, { headers: badToken(scene, gateway.app) });
        assert.equal(status, 401);
      }
      assert.deepEqual(opened(gateway), { channels: [], requests: [] });
      const good = await gateway.live({ headers: token(gateway.app, 'amy') });
      assert.equal(good.status, 200);
      return { seen: `${attempts} refused, 0 channels, 0 upstream requests` };
    },
  },
  {
    name: 'access: permission taken away in mid-stream',
    promise: 'a stream that may not go on ends within reauthMs, also where checks hang; others lose nothing',
    limitMs: { short: 60_000, full: 300_000 },
    run: async (scene) => {
      const size = scene.full ? 2_000 : 200;
      const reauthMs = scene.full ? 5_000 : 500;
      const revoked = new Set<string>();
      let [asked, underWay, most] = [0, 0, 0];
      const reasons: Record<string, number> = {};
      const gateway = await serve(
        scene,
        {
          reauthMs,
          reauthTimeoutMs: reauthMs,
          reauthorize: async (request) => {
            asked += 1;
            underWay += 1;
            most = Math.max(most, underWay);
            const { name } = userOf(request);
            if (name.startsWith('hangs') && revoked.has(name)) {
              // A question that was given up takes no place any more.
              setTimeout(() => {
                underWay -= 1;
              }, reauthMs);
              return new Promise(() => undefined);
            }
            await new Promise((resolve) => setTimeout(resolve, 5));
            underWay -= 1;
            if (name.startsWith('throws') && revoked.has(name)) throw new Error('who is that');
            return !revoked.has(name);
          },
          onStream: (_request, { reason }) => {
            if (reason !== undefined) reasons[reason] = (reasons[reason] ?? 0) + 1;
          },
        },
        { before: guarded },
      );
      const clients: { client: SseClient; name: string }[] = [];
      for (let i = 0; i < size; i += 1) {
        const name = `${['keeps', 'keeps', 'throws', 'false'][i % 4]} ${i}`;
        const named = i % 40 === 2 ? `hangs ${i}` : name;
        const headers = token(gateway.app, named);
        const check = new SequenceCheck();
        clients.push({ name: named, client: gateway.client({ headers, keep: 'check', check }) });
      }
      await gateway.waitForSubscribers(size);
      gateway.upstream.start(50);
      const kept = clients.filter(({ name }) => name.startsWith('keeps'));
      const going = clients.filter(({ name }) => !name.startsWith('keeps'));
      await Promise.all(kept.map(({ client }) => client.waitFor(20)));
      for (const { name } of going) revoked.add(name);
      const began = performance.now();
      await gateway.waitForSubscribers(kept.length, 4 * reauthMs + 10_000);
      const tookMs = performance.now() - began;
      gateway.upstream.stop();
      await Promise.all(kept.map(({ client }) => client.waitFor(gateway.upstream.number)));
      for (const { client } of going) {
        const { why, atBoundary } = await client.waitForClose();
        assert.deepEqual([why, atBoundary], ['complete', true]);
      }
      assert.deepEqual(reasons, { unauthorized: going.length });
      const limit = 2 * reauthMs + SLACK_MS;
      assert.ok(tookMs <= limit, `${tookMs} ms`);
      assert.ok(most <= 100, `${most} at once`);
      let [lost, duplicated] = [0, 0];
      for (const { client } of kept) {
        lost += client.check!.lost;
        duplicated += client.check!.duplicates;
        assert.ok(client.check!.contiguous, String(client.check));
      }
      const seen = `${going.length} of ${size} ended in ${tookMs.toFixed(0)} ms (limit ${limit} with checks that hang); ${asked} questions, at most ${most} at once`;
      return { lost, duplicated, seen };
    },
  },
  {
    name: 'access: tokens that expire in mid-stream',
    promise: 'a stream ends with its token and not before, and goes on exactly where it was with a new one',
    limitMs: { short: 60_000, full: 300_000 },
    run: async (scene) => {
      const size = scene.full ? 1_000 : 100;
      const gateway = await serve(
        scene,
        { expiresAt: (request) => new Date(userOf(request).until) },
        { before: guarded },
      );
      const app = gateway.app;
      const anchor = await gateway.live({ headers: token(app, 'anchor') });
      gateway.upstream.start(50);
      await anchor.waitFor(1);
      const lives = await Promise.all(
        Array.from({ length: size }, async (_, i) => {
          const lifeMs = scene.whole(300, scene.full ? 20_000 : 2_000);
          const check = new SequenceCheck();
          const until = Date.now() + lifeMs;
          const first = gateway.client({ headers: token(app, `u${i}`, lifeMs), keep: 'last', check });
          const { why } = await first.waitForClose(60_000);
          const lateMs = Date.now() - until;
          assert.equal(why, 'complete');
          const stale = await gateway.ask('/events/prices', { headers: token(app, `u${i}`, -1) });
          assert.equal(stale.status, 401);
          const second = first.reconnect({ headers: token(app, `u${i}`) });
          scene.teardown(() => second.destroy());
          return { lateMs, second, check };
        }),
      );
      gateway.upstream.stop();
      // For those whose last token began with the last event.
      await gateway.waitForSubscribers(size + 1);
      gateway.upstream.publishNumbered(1);
      let [lost, duplicated] = [0, 0];
      for (const { second, check } of lives) {
        await second.waitFor(() => check.last === gateway.upstream.number, 'the last event');
        lost += check.lost;
        duplicated += check.duplicates;
      }
      const late = lives.map(({ lateMs }) => lateMs).sort((a, b) => a - b);
      assert.ok(late[0]! >= -1, `${-late[0]!} ms too early`);
      assert.ok(late.at(-1)! <= SLACK_MS, `${late.at(-1)} ms too late`);
      assert.deepEqual([lost, duplicated], [0, 0]);
      const seen = `${size} ended ${late[0]} to ${late.at(-1)} ms behind their expiry (limit ${SLACK_MS})`;
      return { lost, duplicated, announced: 0, seen };
    },
  },
  {
    name: 'access: pages of foreign origins',
    promise: 'they are answered 403 and open nothing; no CORS header is sent but the host’s own',
    run: async (scene) => {
      const ours = 'https://app.example';
      const options = { allowedOrigins: [ours, 'http://localhost:8080'] };
      const gateway = await serve(scene, options);
      const foreign = [
        ...['https://evil.example', 'null', 'http://app.example', 'https://app.example:444', `${ours}/`],
        ...['https://app.example.evil', 'https://APP.example', '', `${ours}, https://evil.example`],
      ];
      for (const origin of foreign) {
        for (const method of ['GET', 'HEAD']) {
          const raw = gateway.raw(
            `${method} /events/prices HTTP/1.1\r\nHost: a\r\nConnection: close\r\nOrigin: ${origin}\r\n\r\n`,
          );
          assert.match(await raw.waitForClose(), /^HTTP\/1\.1 403 /, `${method} ${origin}`);
        }
      }
      assert.deepEqual(opened(gateway), { channels: [], requests: [] });
      const allowed = await gateway.live({ headers: { origin: ours } });
      const none = await gateway.reader();
      const others = await Promise.all(
        ['/health', '/metrics', '/events/nothing'].map((path) =>
          gateway.ask(path, { headers: { origin: ours } }),
        ),
      );
      const names = [
        allowed.headers,
        none.headers,
        ...others.map(({ headers }) => Object.fromEntries(headers)),
      ];
      for (const headers of names) {
        const found = Object.keys(headers).filter((name) => name.startsWith('access-control-'));
        assert.deepEqual(found, []);
      }
      const open = await serve(scene, options, {
        before: (app) => app.register(cors, { origin: ours, credentials: true }),
      });
      const page = await open.live({ headers: { origin: ours } });
      assert.equal(page.headers['access-control-allow-origin'], ours);
      assert.equal(page.headers['access-control-allow-credentials'], 'true');
      return { seen: `${foreign.length} foreign origins refused, 0 upstream requests` };
    },
  },
  {
    name: 'access: credentials that go upstream',
    promise:
      'users with different ones share no upstream and no event; their number is bounded; none can be read',
    run: async (scene) => {
      const upstream = await OwnedUpstream.listen();
      scene.teardown(() => upstream.close());
      const users = scene.full ? 100 : 20;
      const each = 5;
      const gateway = await serve(scene, {
        channels: {
          mine: {
            ...{ url: `${upstream.origin}/mine`, forwardHeaders: ['authorization'], maxChannels: users },
            heartbeatMs: 100,
          },
          all: { url: `${upstream.origin}/all` },
        },
      });
      const tokenOf = (user: number) => `Bearer s3cret-${user}-of-this-run`;
      const clients = Array.from({ length: users * each }, (_, i) => {
        const headers = { authorization: tokenOf(i % users) };
        return { client: gateway.client({ path: '/events/mine', headers }), user: i % users };
      });
      const shared = [0, 1].map((user) =>
        gateway.client({ path: '/events/all', headers: { authorization: tokenOf(user) } }),
      );
      await gateway.waitForSubscribers(users * each + shared.length);
      await until(
        () => upstream.connections === users + 1,
        () => `${upstream.connections} upstream connections for ${users} users and a channel of all`,
      );
      for (let n = 0; n < 5; n += 1) upstream.publish();
      for (const { client, user } of clients) {
        await client.waitFor(5);
        for (const data of client.data) assert.equal(JSON.parse(data).owner, ownerOf('/mine', tokenOf(user)));
      }
      for (const client of shared) {
        await client.waitFor(5);
        for (const data of client.data) assert.equal(JSON.parse(data).owner, ownerOf('/all'));
      }
      const oneMore = await gateway.ask('/events/mine', { headers: { authorization: 'Bearer another' } });
      assert.equal(oneMore.status, 503);
      const faces = ['/health', '/health?details=mine', '/metrics'].map(async (path) => gateway.ask(path));
      const said = [
        ...(await Promise.all(faces)).map(({ text }) => text),
        JSON.stringify(gateway.app.sseGateway.stats()),
      ];
      assert.ok(!said.join().includes('s3cret'));
      const seen = `${users} users with ${each} clients each: ${upstream.connections} upstream connections with the channel of all`;
      return { lost: 0, seen };
    },
  },
  {
    name: 'access: what operators read, without the token',
    promise: 'metrics are 401, health says its status and nothing else, whatever is tried',
    run: async (scene) => {
      const bearer = 'operators-only';
      const gateway = await serve(scene, { health: { bearer }, metrics: { bearer } });
      await gateway.live();
      const wrong = [
        ...[undefined, '', 'Bearer', 'Bearer ', `Bearer ${bearer}x`, `Bearer ${bearer.slice(1)}`],
        ...[`Basic ${bearer}`, bearer, `Bearer ${bearer} ${bearer}`, `Bearer ${bearer.toUpperCase()}`],
      ];
      for (const authorization of wrong) {
        const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
        assert.equal((await gateway.ask('/metrics', { headers })).status, 401, authorization);
        assert.equal((await gateway.ask('/health', { headers })).text, '{"status":"ok"}');
        const details = await gateway.ask('/health?details=prices', { headers });
        assert.equal(details.status, 401);
        assert.equal(details.headers.get('www-authenticate'), 'Bearer');
        assert.equal((await gateway.ask('/health/live', { headers })).status, 200);
        assert.equal((await gateway.ask('/health/ready', { headers })).text, '{"status":"ready"}');
      }
      const headers = { authorization: `bearer ${bearer}` };
      assert.match((await gateway.ask('/metrics', { headers })).text, /sse_gateway_subscribers/);
      assert.match((await gateway.ask('/health', { headers })).text, /"subscribers":1/);
      assert.equal((await gateway.ask('/health?details=prices', { headers })).status, 200);
      return { seen: `${wrong.length} wrong tokens` };
    },
  },
];
