import { once } from 'node:events';
import { createServer as createHttps } from 'node:https';
import { connect } from 'node:net';
import fastify from 'fastify';
import t, { type Test } from 'tap';
import type { StreamInfo } from '../../plugins/options.js';
import sseGateway from '../../plugins/plugin.js';
import { until } from '../helpers/waits.js';
import { CERTIFICATE, PRIVATE_KEY } from '../upstream/certificate.js';
import { type Setup, serve } from './serve.js';

const EVENTS = 'GET /events/prices HTTP/1.1\r\nHost: a\r\n\r\n';
const LIVE = 'GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n';

async function detached(t: Test, setup: Setup = {}, more: object = {}) {
  const reasons: string[] = [];
  const onStream = (_request: unknown, { reason }: StreamInfo) =>
    reason !== undefined && reasons.push(reason);
  const gateway = await serve(t, { detachStreams: true, onStream, ...more }, setup);
  const connections = () =>
    new Promise<number>((resolve) => gateway.app.server.getConnections((_error, count) => resolve(count)));
  return { gateway, reasons, connections };
}

t.test(
  'request, response and connection are over when the stream begins, and the stream goes on',
  async (t) => {
    const over: string[] = [];
    const { gateway, connections } = await detached(t, {
      before: (app) => {
        app.addHook('onRequest', async ({ raw, socket }, reply) => {
          raw.once('aborted', () => over.push('aborted'));
          reply.raw.once('close', () => over.push('response'));
          socket.once('close', () => over.push('connection'));
        });
        app.addHook('onResponse', async () => void over.push('hook'));
      },
    });
    const raw = gateway.raw(EVENTS);
    await raw.waitFor('retry:');
    t.match(raw.text, /\r\nconnection: close\r\n/i);
    await until(
      () => over.length >= 3,
      () => over.join(),
    );
    t.same(over.sort(), ['connection', 'hook', 'response']);
    t.equal(gateway.subscribers, 1);
    t.equal(await connections(), 1, 'it is still one of the server');
    await gateway.upstream.waitForConnections(1);
    gateway.upstream.publishNumbered(3);
    await raw.waitFor('id: 3\n');
    gateway.app.sseGateway.disconnect(({ request }) => request.url === '/events/prices');
    t.match(await raw.waitForClose(), /\r\n0\r\n\r\n$/);
    t.equal(await raw.closed, 'end');
  },
);

t.test('a client that keeps its end open when its stream has ended holds no place', async (t) => {
  const { gateway, reasons, connections } = await detached(t, {}, { maxConnections: 1 });
  const socket = connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true });
  t.teardown(() => socket.destroy());
  socket.write(EVENTS);
  const ended = once(socket.resume(), 'end');
  await gateway.waitForSubscribers(1);
  gateway.app.sseGateway.disconnect(() => true);
  await ended;
  await gateway.waitForSubscribers(0);
  t.same(reasons, ['disconnected']);
  t.equal(await connections(), 0);
  t.equal((await gateway.live()).status, 200);
});

t.test('a gateway whose streams stay is left alone by another on the same server', async (t) => {
  const { gateway } = await detached(t, {
    before: (app) => {
      app.register(async (scope) => {
        await scope.register(sseGateway, {
          ...{ name: 'stays', detachStreams: false, health: false, metrics: false },
          channels: { local: {} },
          events: { path: '/stays' },
        });
      });
    },
  });
  const stays = gateway.raw('GET /stays/local HTTP/1.1\r\nHost: a\r\n\r\n');
  await stays.waitFor('retry:');
  t.notMatch(stays.text, /\r\nconnection: close\r\n/i);
  const leaves = gateway.raw(EVENTS);
  await leaves.waitFor('retry:');
  t.match(leaves.text, /\r\nconnection: close\r\n/i);
});

t.test('a FIN and an RST of the client end the stream', async (t) => {
  const { gateway, reasons, connections } = await detached(t);
  const [fin, rst] = [gateway.raw(EVENTS), gateway.raw(EVENTS)];
  await Promise.all([fin, rst].map((raw) => raw.waitFor('retry:')));
  fin.end();
  await gateway.waitForSubscribers(1);
  rst.reset();
  await gateway.waitForSubscribers(0);
  t.same(reasons, ['client-closed', 'write-failed']);
  await until(
    () => fin.received.length > 0,
    () => '',
  );
  t.equal(await connections(), 0);
});

t.test('a stream behind other requests of its connection is its last', async (t) => {
  const { gateway } = await detached(t);
  const raw = gateway.raw(`${LIVE}${LIVE}${EVENTS}${LIVE}`);
  await raw.waitFor('retry:');
  raw.send(LIVE.repeat(10));
  await gateway.upstream.waitForConnections(1);
  gateway.upstream.publishNumbered(2);
  await raw.waitFor('id: 2\n');
  await gateway.app.sseGateway.drain();
  const text = await raw.waitForClose();
  t.equal(text.match(/HTTP\/1\.1 200 OK/g)?.length, 3);
});

t.test('the server closes idle connections, not streams; closing the app ends all', async (t) => {
  const { gateway, reasons, connections } = await detached(t, { fastify: { forceCloseConnections: true } });
  const idle = gateway.raw(LIVE);
  await idle.waitFor('live');
  const raw = gateway.raw(EVENTS);
  await raw.waitFor('retry:');
  gateway.app.server.closeIdleConnections();
  await idle.waitForClose();
  gateway.app.server.closeAllConnections();
  gateway.app.sseGateway.publish('prices', { data: 'x' });
  await raw.waitFor('data: x\n');
  t.equal(await connections(), 1);
  await gateway.app.close();
  t.match(await raw.waitForClose(), /\r\n0\r\n\r\n$/);
  t.same(reasons, ['drain']);
});

t.test('a request that does not come is cut by the timeouts of the server', async (t) => {
  const { gateway } = await detached(t, {
    fastify: {
      http: { headersTimeout: 100, requestTimeout: 150, connectionsCheckingInterval: 20 },
      keepAliveTimeout: 100,
    },
  });
  t.match(await gateway.raw('GET /events/prices HTTP/1.1\r\nHo').waitForClose(), /^HTTP\/1\.1 408 /);
  const idle = gateway.raw(LIVE);
  t.match(await idle.waitForClose(), 'live', 'keep-alive runs out');
  const raw = gateway.raw(EVENTS);
  await raw.waitFor('retry:');
  await new Promise((resolve) => setTimeout(resolve, 400));
  t.equal(gateway.subscribers, 1);
});

t.test('limits of the server, and listeners of others, are as without it', async (t) => {
  const sockets: unknown[] = [];
  const { gateway } = await detached(t, {
    before: (app) => void app.server.on('connection', (socket) => sockets.push(socket)),
  });
  const { server } = gateway.app;
  server.maxConnections = 2;
  server.maxRequestsPerSocket = 1;
  const [one, two] = [gateway.raw(EVENTS), gateway.raw(EVENTS)];
  await Promise.all([one, two].map((raw) => raw.waitFor('retry:')));
  t.equal(await gateway.raw(EVENTS).waitForClose(), '');
  two.reset();
  await gateway.waitForSubscribers(1);
  await gateway.raw(LIVE + LIVE).waitFor(/live"\}HTTP\/1\.1 503 /);
  t.equal(sockets.length, 3);
  t.equal(server.listenerCount('connection'), 2);
});

t.test('a large answer to a client that reads late is whole', async (t) => {
  const large = 'x'.repeat(8_000_000);
  const { gateway } = await detached(t, { before: (app) => app.get('/large', async () => large) });
  const answer = await gateway.ask('/large');
  t.equal(answer.text.length, large.length);
  const posted = await gateway.ask('/events/prices', { method: 'POST', body: large });
  t.equal(posted.status, 405);
});

t.test('a request knows its client, and its socket has what sockets have', async (t) => {
  const { gateway } = await detached(t, {
    before: (app) =>
      app.get('/me', async ({ ip, socket }) => {
        socket.setNoDelay(true).setKeepAlive(true, 1_000).ref();
        return { ip, from: socket.remotePort, to: socket.localPort, state: socket.readyState };
      }),
  });
  const { ip, from, to, state } = JSON.parse((await gateway.ask('/me')).text);
  t.equal(ip, '127.0.0.1');
  t.ok(from > 0);
  t.equal(to, gateway.port);
  t.equal(state, 'open');
});

t.test('with a server that is not made for it a warning is logged, and streams are served', async (t) => {
  const lines: string[] = [];
  const app = fastify({
    logger: { level: 'warn', stream: { write: (line: string) => void lines.push(line) } },
    serverFactory: (handler) => createHttps({ key: PRIVATE_KEY, cert: CERTIFICATE }, handler) as never,
  });
  t.teardown(() => app.close());
  await app.register(sseGateway, { detachStreams: true, channels: { prices: {} } });
  t.match(lines.join(), /detachStreams has no effect/);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { get } = await import('node:https');
  const { port } = app.server.address() as { port: number };
  const request = get({ port, host: '127.0.0.1', path: '/events/prices', rejectUnauthorized: false });
  const [response] = await once(request, 'response');
  t.equal(response.statusCode, 200);
  t.equal(response.headers.connection, 'keep-alive');
  request.destroy();
  request.on('error', () => undefined);
});
