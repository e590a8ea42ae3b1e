/** Faults of a channel with several upstreams, and of an upstream's name that leads somewhere else. */
import assert from 'node:assert/strict';
import dns from 'node:dns';
import { ScriptedUpstream } from '../../helpers/scripted-upstream.js';
import type { Fault, Scene } from '../fault.js';
import { PLAIN, QUICK, RawUpstream, type Stage, stage } from './upstream-stage.js';

async function upstreams(scene: Scene, count: number): Promise<ScriptedUpstream[]> {
  const made = await Promise.all(Array.from({ length: count }, () => ScriptedUpstream.listen()));
  for (const upstream of made) scene.teardown(() => upstream.close());
  return made;
}

const origin = ({ port }: { readonly port: number }): string => `http://127.0.0.1:${port}`;

const at = (on: Stage, upstream: ScriptedUpstream, what: string) =>
  on.holds(() => on.health.state === 'open' && on.health.origin === origin(upstream), what);

/** Cuts what is open and answers 503 from now on. */
function down(upstream: ScriptedUpstream): void {
  upstream.respond({ status: 503 });
  upstream.cutAll('reset');
}

/** The same ids everywhere: whichever is down, the next is asked for what was missed. */
async function sharedIds(scene: Scene) {
  const list = await upstreams(scene, 3);
  const on = await stage(
    scene,
    list.map(({ url }) => url),
    { ...QUICK, sharedIds: true, ids: 'auto', replay: true },
  );
  const publish = (): void => {
    for (const upstream of list) upstream.publishNumbered(5);
  };
  await at(on, list[0]!, 'at the first');
  publish();
  const switches = scene.full ? 100 : 12;
  for (let i = 0; i < switches; i += 1) {
    const from = list.find((upstream) => origin(upstream) === on.health.origin)!;
    down(from);
    publish();
    const elsewhere = () => on.health.state === 'open' && on.health.origin !== origin(from);
    await on.holds(elsewhere, `somewhere else after switch ${i + 1}`);
    publish();
    from.respond(undefined);
  }
  await on.client.waitFor(({ check }) => check!.last === list[0]!.number, 'the last event');
  assert.ok(on.client.check!.contiguous, String(on.client.check));
  assert.equal(await on.count('upstream_switches_total'), switches);
  return on.over(`${switches} switches, ${on.client.check!.events} events`);
}

/** Both number from 1 with other content: an id of one must never be taken for one of the other. */
async function foreignIds(scene: Scene) {
  const [a, b] = (await upstreams(scene, 2)) as [ScriptedUpstream, ScriptedUpstream];
  const on = await stage(scene, [a.url, b.url], { ...QUICK, replay: true });
  const say = (upstream: ScriptedUpstream, name: string, from: number, to: number): void => {
    for (let n = from; n <= to; n += 1)
      upstream.publish({ id: String(n), data: `{"n":${n},"of":"${name}"}` });
  };
  const reader = await on.gateway.reader({ path: '/events/faulty' });
  await at(on, a, 'at the first');
  say(a, 'a', 1, 5);
  await reader.waitFor(5);
  const left = { id: reader.lastEventId, read: [...reader.events] };
  say(a, 'a', 6, 8);
  await reader.waitFor(8);
  down(a);
  await at(on, b, 'at the second');
  // Also what came before, byte for byte, is another event of another upstream.
  say(b, 'a', 1, 4);
  say(b, 'b', 5, 8);
  await reader.waitFor(8 + 1 + 8);
  const back = await on.gateway.reader({ path: '/events/faulty', lastEventId: left.id });
  await back.waitFor(3 + 1 + 8);
  for (const events of [reader.events, [...left.read, ...back.events]]) {
    const seen = events.map(({ type, data }) =>
      type === 'gateway.gap' ? 'gap' : (JSON.parse(data) as { n: number }).n,
    );
    assert.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7, 8, 'gap', 1, 2, 3, 4, 5, 6, 7, 8]);
    assert.equal(new Set(events.map(({ id }) => id)).size, 17, 'no id names two events');
  }
  assert.equal(b.requests[0]?.lastEventId, undefined, 'an id of the first never goes to the second');
  // What a client brings as the bare id of an upstream names nothing.
  const foreign = await on.gateway.reader({ path: '/events/faulty', lastEventId: '7' });
  assert.equal(foreign.headers['sse-gateway-resume'], 'gap');
  assert.equal(await on.count('upstream_switches_total'), 1);
  assert.equal(await on.count('gaps_total', { reason: 'upstream' }), 1);
  // The numbers start again behind the gap, which the check of one upstream's numbers can't know.
  const { announced } = { announced: on.client.check!.gaps, ...(await on.over()) };
  return { lost: 0, duplicated: 0, announced, seen: '1 switch, 1 gap for all, 17 ids for 17 events' };
}

/** The first comes back: nobody goes back to it. One that goes and comes is left for good. */
async function noFlapping(scene: Scene) {
  const [a, b] = (await upstreams(scene, 2)) as [ScriptedUpstream, ScriptedUpstream];
  const on = await stage(scene, [a.url, b.url], { ...QUICK, sharedIds: true, replay: true });
  await at(on, a, 'at the first');
  down(a);
  await at(on, b, 'at the second');
  a.respond(undefined);
  const asked = a.requests.length;
  const cuts = scene.full ? 100 : 15;
  for (let i = 0; i < cuts; i += 1) {
    a.publishNumbered(1);
    const n = b.publishNumbered(1);
    await on.client.waitFor(({ check }) => check!.last === n, `event ${n}`);
    await on.holds(() => on.health.attempts === 0, 'a good stream');
    b.cutAll('reset');
    await b.waitForConnections(0);
    await b.waitForConnections(1);
  }
  assert.equal(a.requests.length, asked, 'the first is not asked again');
  assert.equal(await on.count('upstream_switches_total'), 1);
  return on.over(`${cuts} cuts of the second, 1 switch`);
}

/** One answer for good is that URL's; those of all end the channel. */
async function terminal(scene: Scene) {
  const list = await upstreams(scene, 3);
  list[0]!.respond({ status: 404 });
  list[1]!.respond({ status: 401 });
  const on = await stage(
    scene,
    list.map(({ url }) => url),
    QUICK,
  );
  await at(on, list[2]!, 'at the third');
  assert.equal(on.client.ended, undefined);
  list[2]!.respond({ status: 410 });
  list[2]!.cutAll();
  await on.holds(() => on.health.state === 'failed', 'failed');
  await on.client.waitForClose();
  assert.deepEqual(
    list.map(({ requests }) => requests.length > 0),
    [true, true, true],
  );
  return on.over('404 and 401 of two of three: open; 410 of the third: failed');
}

/** A name that answers with a private address every second time. */
async function rebinding(scene: Scene, privateAddresses: boolean) {
  const inner = await RawUpstream.listen(scene, (socket) => socket.write(`${PLAIN}data: {"n":1}\n\n`));
  const { lookup } = dns;
  scene.teardown(() => {
    dns.lookup = lookup;
  });
  let asked = 0;
  const answer = (host: string, options: object, found: (error: null, addresses: object[]) => void): void => {
    if (host !== 'prices.test') {
      lookup(host, options as { all: true }, found as never);
      return;
    }
    asked += 1;
    // The first is for documentation: nobody is there.
    const address = asked % 2 === 1 ? '203.0.113.7' : '127.0.0.1';
    process.nextTick(() => found(null, [{ address, family: 4 }]));
  };
  dns.lookup = answer as unknown as typeof lookup;
  const url = `http://prices.test:${inner.port}/events`;
  const on = await stage(scene, url, { ...QUICK, connectTimeoutMs: 100, privateAddresses });
  if (privateAddresses) {
    await on.client.waitFor(({ check }) => check!.events === 1, 'the event of the private address');
    return on.over('open at the private address');
  }
  await on.holds(() => asked >= 10, '10 look-ups', 30_000);
  assert.equal(inner.times.length, 0, 'no connection to the private address');
  assert.equal(await on.count('upstream_connects_total', { outcome: 'ok' }), 0);
  return on.over(`${asked} look-ups, 0 connections to the private address`);
}

const row = (name: string, promise: string, run: Fault['run']): Fault => ({
  name: `upstream: ${name}`,
  promise,
  run,
});

export const FAILOVER: readonly Fault[] = [
  row(
    'the one of three with shared ids that is asked goes down, again and again',
    'nothing lost, nothing twice, nothing told',
    sharedIds,
  ),
  row(
    'one of two with ids of their own goes down',
    'one gap for all; no id names events of both',
    foreignIds,
  ),
  row(
    'the one that went down comes back',
    'no going back, and a good stream that breaks is no switch',
    noFlapping,
  ),
  row('answers for good, one after another', 'the channel fails with the last of them', terminal),
  row(
    'its name moves to a private address, privateAddresses: false',
    'no connection is made there',
    (scene) => rebinding(scene, false),
  ),
  row('its name moves, privateAddresses: true', 'the configured name is asked wherever it is', (scene) =>
    rebinding(scene, true),
  ),
];
