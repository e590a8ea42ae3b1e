import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import t, { type Test } from 'tap';
import type { SseGatewayOptions } from '../../plugins/options.js';
import type { SseClientOptions } from '../helpers/sse-request.js';
import { until } from '../helpers/waits.js';
import { scrape } from './scrape.js';
import { type Served, serve } from './serve.js';

/** Refusals so far, by reason. */
async function refusals(gateway: Served): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const [name, value] of await scrape(gateway)) {
    const reason = /^connections_refused_total\{reason="(.*)"\}$/.exec(name)?.[1];
    if (reason !== undefined) found[reason] = value;
  }
  return found;
}

/** A client that comes again and again until it is let in; how often it was refused before that. */
async function persist(gateway: Served, options: Partial<SseClientOptions> = {}): Promise<number> {
  for (let refused = 0; ; refused += 1) {
    const client = gateway.client(options);
    await client.opened();
    if ('sse-gateway-resume' in client.headers) return refused;
    await client.waitForClose();
  }
}

/** Two clients of a channel whose upstream has not answered yet: `held` are the answers it owes. */
async function twoWaiting(t: Test, options: (origin: string) => Partial<SseGatewayOptions>) {
  let requests = 0;
  const before = (app: FastifyInstance) =>
    app.addHook('onRequest', async () => {
      requests += 1;
    });
  const gateway = await serve(t, options, { before });
  const held: ServerResponse[] = [];
  gateway.upstream.respond((_request, response) => held.push(response) > 0);
  const waiting = [gateway.client(), gateway.client()];
  await until(
    () => requests === 2,
    () => `${requests} requests`,
  );
  await gateway.upstream.waitForRequests(1);
  return { gateway, waiting, held };
}

const LIMITS: Record<string, (origin: string) => Partial<SseGatewayOptions>> = {
  'channel-full': (url) => ({ channels: { prices: { url, maxSubscribers: 2 } } }),
  'connection-limit': () => ({ maxConnections: 2 }),
  'ip-limit': () => ({ maxConnectionsPerIp: 2 }),
};

for (const [reason, options] of Object.entries(LIMITS)) {
  t.test(`${reason}: the newcomer is refused, who is in stays, who leaves makes room for one`, async (t) => {
    const gateway = await serve(t, options);
    const first = await gateway.live();
    const second = await gateway.reader();
    const third = gateway.client();
    t.match(await third.waitForClose(), { why: 'complete' });
    t.strictSame(await refusals(gateway), { [reason]: 1 }, 'counted once');
    const { status, headers } = await gateway.ask('/events/prices', { headers: { accept: '*/*' } });
    t.equal(status, 503);
    t.ok(headers.has('retry-after'));
    t.strictSame(await refusals(gateway), { [reason]: 2 });
    t.equal(gateway.subscribers, 2);
    gateway.upstream.publishNumbered(1);
    await Promise.all([first.waitFor(1), second.waitFor(1)]);

    second.destroy();
    await gateway.waitForSubscribers(1);
    const next = await gateway.reader({ lastEventId: '1' });
    t.equal(next.headers['sse-gateway-resume'], 'exact');
    await gateway.client().waitForClose();
    t.strictSame(await refusals(gateway), { [reason]: 3 }, 'for one, and not for two');
    t.equal(first.ended, undefined);
    t.equal(gateway.upstream.requests.length, 1);
  });

  t.test(`${reason}: who waits for the upstream's first answer has a place already`, async (t) => {
    const { gateway, waiting, held } = await twoWaiting(t, options);
    const early = gateway.client();
    await early.waitForClose();
    t.strictSame(await refusals(gateway), { [reason]: 1 });
    held[0]!.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    await gateway.waitForSubscribers(2);
    for (const client of waiting) t.equal((await client.opened()).status, 200);
  });

  t.test(`${reason}: who leaves before its stream begins has given its place back`, async (t) => {
    const { gateway, waiting, held } = await twoWaiting(t, options);
    await gateway.client().waitForClose();
    for (const client of waiting) client.destroy();
    held[0]!.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    await gateway.waitForState('open');
    await persist(gateway);
    await persist(gateway);
    t.equal(gateway.subscribers, 2);
    await gateway.client().waitForClose();
  });
}

t.test('a request that is answered with a status takes no place', async (t) => {
  const gateway = await serve(t, (url) => ({
    channels: { prices: { url, onGap: 'reject', resumeWaitMs: 0 }, down: { url: `${url}/down` } },
    maxConnections: 2,
    maxConnectionsPerIp: 2,
  }));
  await gateway.live();
  gateway.upstream.respond({ status: 404 });
  for (let n = 0; n < 5; n += 1) {
    t.equal((await gateway.ask('/events/nothing')).status, 404);
    t.equal((await gateway.ask('/events/prices', { headers: { accept: 'text/html' } })).status, 406);
    t.equal((await gateway.ask('/events/prices', { headers: { 'last-event-id': 'what' } })).status, 410);
    t.equal((await gateway.ask('/events/down')).status, 502);
    t.equal((await gateway.ask('/events/prices', { method: 'HEAD' })).status, 200);
  }
  t.equal((await gateway.reader()).status, 200);
  t.equal(gateway.subscribers, 2);
});

t.test('maxSubscribers holds for each channel of a template, maxConnections for all together', async (t) => {
  const gateway = await serve(t, (origin) => ({
    channels: { 'rooms/:room': { url: `${origin}/:room`, maxSubscribers: 1 } },
    maxConnections: 3,
  }));
  for (const room of ['a', 'b', 'c']) await gateway.reader({ path: `/events/rooms/${room}` });
  await gateway.client({ path: '/events/rooms/a' }).waitForClose();
  await gateway.client({ path: '/events/rooms/d' }).waitForClose();
  const { text } = await gateway.ask('/metrics');
  for (const reason of ['channel-full', 'connection-limit']) {
    t.match(
      text,
      `connections_refused_total{gateway="default",channel="rooms/:room",reason="${reason}"} 1\n`,
    );
  }
});

t.test('maxConnectionsPerIp counts each address by itself', async (t) => {
  const gateway = await serve(t, { maxConnectionsPerIp: 1 });
  await gateway.live({ localAddress: '127.0.0.1' });
  const other = await gateway.reader({ localAddress: '127.0.0.2' });
  for (const localAddress of ['127.0.0.1', '127.0.0.2']) {
    await gateway.client({ localAddress }).waitForClose();
  }
  t.strictSame(await refusals(gateway), { 'ip-limit': 2 });
  other.destroy();
  await gateway.waitForSubscribers(1);
  await gateway.reader({ localAddress: '127.0.0.2' });
  t.strictSame(await refusals(gateway), { 'ip-limit': 2 });
});

t.test('the address is what Fastify says it is: behind a trusted proxy, the forwarded one', async (t) => {
  const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });
  const trusting = await serve(t, { maxConnectionsPerIp: 1 }, { fastify: { trustProxy: true } });
  await trusting.reader(from('192.0.2.1'));
  await trusting.reader(from('192.0.2.2'));
  await trusting.client(from('192.0.2.1')).waitForClose();
  t.strictSame(await refusals(trusting), { 'ip-limit': 1 });
  const other = await serve(t, { maxConnectionsPerIp: 1 });
  await other.reader(from('192.0.2.1'));
  await other.client(from('192.0.2.2')).waitForClose();
  t.strictSame(await refusals(other), { 'ip-limit': 1 }, 'who trusts nobody is not talked into another');
});

t.test(
  'acceptsPerSecond: so many at once, the others at that pace, whether or not anybody leaves',
  async (t) => {
    const gateway = await serve(t, { acceptsPerSecond: 2 });
    const began = performance.now();
    await Promise.all([gateway.reader(), gateway.reader()]);
    let refused = await persist(gateway);
    const first = performance.now() - began;
    refused += await persist(gateway);
    const second = performance.now() - began;
    t.ok(first >= 500 - 1, `the third after ${first} ms`);
    t.ok(second >= 1_000 - 1, `the fourth after ${second} ms`);
    t.ok(refused > 0);
    t.strictSame(await refusals(gateway), { 'accept-rate': refused });
    t.equal(gateway.subscribers, 4);
  },
);
