import { type ClientHttp2Session, connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import cors from '@fastify/cors';
import fastify, { type FastifyInstance } from 'fastify';
import t, { type Test } from 'tap';
import sseGateway from '../../plugins/plugin.js';
import { type Served, type Setup, serve } from './serve.js';

/** A gateway that is full. */
async function full(t: Test, setup: Setup = {}): Promise<Served> {
  const gateway = await serve(t, { maxConnections: 1 }, setup);
  await gateway.live();
  return gateway;
}

t.test('who asks for an event stream and nothing else gets one that says when to come back', async (t) => {
  const gateway = await full(t);
  const retries = new Set<number>();
  for (let n = 0; n < 20; n += 1) {
    const client = gateway.client({
      headers: { accept: n % 2 === 0 ? 'text/event-stream' : ' text/event-stream ' },
    });
    t.match(await client.waitForClose(), { why: 'complete', atBoundary: true });
    t.equal(client.status, 200);
    t.equal(client.headers['content-type'], 'text/event-stream; charset=utf-8');
    t.equal(client.headers['cache-control'], 'no-cache, no-store, no-transform');
    t.match(client.body.toString(), /^retry: \d+\n\n$/);
    t.ok(client.retry! >= 10_000 && client.retry! <= 60_000, `retry ${client.retry}`);
    retries.add(client.retry!);
  }
  t.ok(retries.size > 10, 'each its own, so that they do not come back together');
});

t.test('whoever takes something else as well gets a status that names the reason', async (t) => {
  const gateway = await full(t);
  const accepts = ['*/*', 'text/*', 'text/event-stream, */*', 'text/event-stream;q=1', 'TEXT/event-stream'];
  for (const accept of accepts) {
    const { status, headers, text } = await gateway.ask('/events/prices', { headers: { accept } });
    t.equal(status, 503, accept);
    const seconds = Number(headers.get('retry-after'));
    t.ok(Number.isInteger(seconds) && seconds >= 10 && seconds <= 60, `${seconds} s`);
    t.match(JSON.parse(text), { code: 'SSE_GATEWAY_CONNECTION_LIMIT', message: 'all streams are taken' });
  }
  const none = gateway.raw('GET /events/prices HTTP/1.1\r\nHost: a\r\n\r\n');
  await none.waitFor('SSE_GATEWAY_CONNECTION_LIMIT');
  t.match(none.text, /^HTTP\/1\.1 503 /);
});

t.test('what is wrong for good is a status, also to who asks for an event stream only', async (t) => {
  const gateway = await full(t);
  const statuses: Record<string, number> = { '/events/nothing': 404, '/events/rooms/%00': 400 };
  for (const [path, status] of Object.entries(statuses)) {
    t.equal((await gateway.client({ path }).opened()).status, status, path);
  }
});

t.test('a template that is full refuses in the same form', async (t) => {
  const gateway = await serve(t, (origin) => ({
    channels: { 'rooms/:room': { url: `${origin}/:room`, maxChannels: 1 } },
  }));
  await gateway.live({ path: '/events/rooms/a' });
  const client = gateway.client({ path: '/events/rooms/b' });
  t.match(await client.waitForClose(), { why: 'complete' });
  t.equal(client.status, 200);
  t.ok(client.retry! >= 10_000 && client.retry! <= 60_000, `retry ${client.retry}`);
  t.match(
    (await gateway.ask('/metrics')).text,
    'connections_refused_total{gateway="default",channel="rooms/:room",reason="channel-limit"} 1\n',
  );
});

t.test('the headers that hooks set are on a refusal too: a page of another origin can read it', async (t) => {
  const origin = 'https://app.example';
  const gateway = await full(t, { before: (app) => app.register(cors, { origin }) });
  const client = gateway.client({ headers: { origin, accept: 'text/event-stream' } });
  await client.waitForClose();
  t.equal(client.headers['access-control-allow-origin'], origin);
});

t.test('the connection of who was refused serves the next request', async (t) => {
  const gateway = await full(t);
  const raw = gateway.raw('GET /events/prices HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n');
  await raw.waitFor(/retry: \d+\n\n/);
  raw.send('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n');
  await raw.waitFor('{"status":"live"}');
});

/** One answer over HTTP/2. */
function ask(session: ClientHttp2Session, path: string, accept: string) {
  return new Promise<{ headers: IncomingHttpHeaders & { ':status'?: number }; text: string }>(
    (resolve, reject) => {
      const stream = session.request({ ':path': path, accept });
      let headers: IncomingHttpHeaders = {};
      let text = '';
      stream
        .setEncoding('utf8')
        .on('response', (head) => (headers = head))
        .on('data', (piece: string) => (text += piece))
        .on('end', () => resolve({ headers, text }))
        .on('error', reject);
    },
  );
}

t.test('over HTTP/2 the forms are the same, and the session and its streams go on', async (t) => {
  const app = fastify({ http2: true }) as unknown as FastifyInstance;
  t.teardown(() => app.close());
  await app.register(sseGateway, { channels: { news: {} }, pool: 'poison', drainMs: 0, maxConnections: 1 });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const session = connectHttp2(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`);
  t.teardown(() => session.destroy());
  const inside = session.request({ ':path': '/events/news' }).setEncoding('utf8');
  await new Promise((resolve) => inside.once('data', resolve));

  const eventSource = await ask(session, '/events/news', 'text/event-stream');
  t.equal(eventSource.headers[':status'], 200);
  t.equal(eventSource.headers['content-type'], 'text/event-stream; charset=utf-8');
  const retry = Number(/^retry: (\d+)\n\n$/.exec(eventSource.text)?.[1]);
  t.ok(retry >= 10_000 && retry <= 60_000, eventSource.text);
  const other = await ask(session, '/events/news', '*/*');
  t.equal(other.headers[':status'], 503);
  t.ok(Number(other.headers['retry-after']) >= 10);
  t.match(
    (await ask(session, '/metrics', '*/*')).text,
    'connections_refused_total{gateway="default",channel="news",reason="connection-limit"} 2\n',
  );

  const event = new Promise((resolve) => inside.once('data', resolve));
  app.sseGateway.publish('news', { data: 'still here' });
  t.match(await event, 'data: still here\n');
});
