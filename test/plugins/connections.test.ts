import t from 'tap';
import { serve } from './serve.js';
import { staying } from './staying.js';

const EVENTS = 'GET /events/prices HTTP/1.1\r\nHost: a\r\n\r\n';

t.test("the server's timeouts are for requests: a silent stream outlives them", async (t) => {
  const timeouts = {
    connectionTimeout: 100,
    requestTimeout: 100,
    keepAliveTimeout: 100,
    handlerTimeout: 100,
  };
  const gateway = await serve(t, (origin) => ({ channels: { prices: { url: origin, heartbeatMs: 400 } } }), {
    fastify: timeouts,
  });
  const client = await gateway.live();
  await client.waitFor(({ commentCount }) => commentCount === 3, 'two heartbeats, four timeouts apart');
  gateway.upstream.publishNumbered(1);
  await client.waitFor(1);
});

t.test('a handler timeout while the upstream is awaited is 503, and nothing comes behind it', async (t) => {
  const gateway = await serve(
    t,
    (origin) => ({ channels: { prices: { url: origin, connectWaitMs: 200, lingerMs: 0 } } }),
    { fastify: { handlerTimeout: 50 } },
  );
  gateway.upstream.respond(() => true);
  const raw = gateway.raw(EVENTS);
  await raw.waitFor('FST_ERR_HANDLER_TIMEOUT');
  t.match(raw.text, /^HTTP\/1\.1 503 /);
  await gateway.waitForState('idle');
  raw.send('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n');
  await raw.waitFor('{"status":"live"}');
  t.equal(raw.text.match(/HTTP\/1\.1 /g)?.length, 2);
  t.equal(gateway.subscribers, 0);
});

t.test('a client that closes its half of the connection is gone', async (t) => {
  const gateway = await serve(t);
  const raw = gateway.raw(EVENTS);
  await raw.waitFor('retry:');
  raw.end();
  await gateway.waitForSubscribers(0);
  await raw.waitForClose();
});

staying('a client that sends what is no HTTP behind its request is gone, and nobody else', async (t) => {
  const gateway = await serve(t);
  const other = await gateway.live();
  const raw = gateway.raw(EVENTS);
  await raw.waitFor('retry:');
  raw.send('\0\0 no request\r\n\r\n');
  await gateway.waitForSubscribers(1);
  await raw.waitForClose();
  gateway.upstream.publishNumbered(1);
  await other.waitFor(1);
});

staying('a GET with a body is served, and the body is not taken for a request', async (t) => {
  const gateway = await serve(t, (origin) => ({
    channels: { prices: { url: origin, maxAgeMs: 400, heartbeatMs: 100 } },
  }));
  const raw = gateway.raw('GET /events/prices HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nGET ');
  await raw.waitFor('retry:');
  raw.send('/GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n');
  await raw.waitFor('{"status":"live"}');
  t.match(raw.text, /^HTTP\/1\.1 200 OK\r\n/);
});

t.test('a client may reset at any moment of its request', async (t) => {
  const gateway = await serve(t);
  const survivor = await gateway.live();
  for (let sent = 1; sent <= EVENTS.length; sent += 1) {
    const raw = gateway.raw(EVENTS.slice(0, sent));
    await new Promise((resolve) => setImmediate(resolve));
    raw.reset();
  }
  await gateway.waitForSubscribers(1);
  gateway.upstream.publishNumbered(1);
  await survivor.waitFor(1);
  t.equal(gateway.upstream.requests.length, 1);
});
