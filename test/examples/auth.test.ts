import t, { type Test } from 'tap';
import { type AuthOptions, buildApp } from '../../examples/auth.js';
import { ScriptedUpstream } from '../helpers/scripted-upstream.js';
import { run } from './stage.js';

async function stage(t: Test, more: Partial<AuthOptions> = {}) {
  const upstream = await ScriptedUpstream.listen();
  t.teardown(() => upstream.close());
  const users: Record<string, readonly string[]> = { amy: ['attic', 'cellar'], ben: ['attic'] };
  const app = await buildApp({
    upstream: `http://127.0.0.1:${upstream.port}/rooms/:room`,
    secret: 'a secret of this test',
    roomsOf: (name, password) => (password === `${name}'s` ? users[name] : undefined),
    ...more,
  });
  const running = await run(t, app);
  const login = async (name: string) => {
    const response = await running.post('/login', { name, password: `${name}'s` });
    const { token } = (await response.json()) as { token: string };
    return { authorization: `Bearer ${token}` };
  };
  return { ...running, upstream, login };
}

t.test('without a token there is no stream, and nothing goes upstream', async (t) => {
  const { client, post, upstream } = await stage(t);
  t.equal((await post('/login', { name: 'amy', password: 'guess' })).status, 401);
  t.equal((await post('/login', { name: 'amy' })).status, 400);
  for (const headers of [{}, { authorization: 'Bearer nonsense' }] as Record<string, string>[]) {
    for (const path of ['/events/rooms/attic', '/events/notices']) {
      t.equal((await client({ path, headers }).opened()).status, 401, path);
    }
  }
  t.equal(upstream.socketsTotal, 0);
});

t.test('a token opens the rooms of its user and no other', async (t) => {
  const { client, upstream, login } = await stage(t);
  const headers = await login('ben');
  const attic = client({ path: '/events/rooms/attic', headers });
  t.equal((await attic.opened()).status, 200);
  t.equal((await client({ path: '/events/rooms/cellar', headers }).opened()).status, 403);
  t.equal((await client({ path: '/events/notices', headers }).opened()).status, 200);
  await upstream.waitForConnections(1);
  upstream.publishNumbered(2);
  await attic.waitFor(2);
  t.strictSame(
    upstream.requests.map(({ url }) => url),
    ['/rooms/attic'],
  );
});

t.test('a token is good for a quarter of an hour', async (t) => {
  const { login } = await stage(t);
  const { authorization } = await login('amy');
  const claims = Buffer.from(authorization.split('.')[1]!, 'base64url').toString();
  const { iat, exp } = JSON.parse(claims) as { iat: number; exp: number };
  t.equal(exp - iat, 15 * 60);
});

t.test('a logout ends the streams of that token, and it opens no more', async (t) => {
  const { client, post, upstream, login } = await stage(t);
  const path = '/events/rooms/attic';
  const [leaving, staying] = [await login('amy'), await login('amy')];
  const gone = client({ path, headers: leaving });
  const kept = client({ path, headers: staying });
  await Promise.all([gone.opened(), kept.opened()]);
  await upstream.waitForConnections(1);
  const answer = await post('/logout', {}, leaving);
  t.strictSame(await answer.json(), { ended: 1 });
  t.match(await gone.waitForClose(), { why: 'complete', atBoundary: true });
  t.equal((await client({ path, headers: leaving }).opened()).status, 401);
  upstream.publishNumbered(1);
  await kept.waitFor(1);
});

t.test('a stream ends with its token, and goes on where it was with a new one', async (t) => {
  const { client, upstream, login } = await stage(t, { tokenLifeSeconds: 2 });
  const path = '/events/rooms/attic';
  const first = client({ path, headers: await login('amy') });
  await first.opened();
  await upstream.waitForConnections(1);
  upstream.publishNumbered(1);
  await first.waitFor(1);
  t.match(await first.waitForClose(), { why: 'complete', atBoundary: true });
  upstream.publishNumbered(1);
  const next = client({ path, headers: await login('amy'), lastEventId: first.lastEventId });
  await next.waitFor(1);
  t.match(next.events, [{ id: '2' }]);
});

t.test('streams are looked at again: one whose check still holds stays', async (t) => {
  const { client, upstream, login } = await stage(t, { reauthMs: 50 });
  const kept = client({ path: '/events/rooms/attic', headers: await login('amy') });
  await kept.opened();
  await upstream.waitForConnections(1);
  const began = performance.now();
  while (performance.now() - began < 300) {
    upstream.publishNumbered(1);
    await kept.waitFor(upstream.number);
  }
  t.equal(kept.ended, undefined);
});

t.test('health and metrics stay open to probes and scrapers', async (t) => {
  const { origin } = await stage(t);
  for (const path of ['/health', '/health/live', '/health/ready', '/metrics']) {
    t.equal((await fetch(origin + path)).status, 200, path);
  }
});
