import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  constants,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import t, { type Test } from 'tap';
import sseGateway from '../../plugins/plugin.js';
import { ScriptedUpstream } from '../helpers/scripted-upstream.js';
import { until } from '../helpers/waits.js';
import { CERTIFICATE, PRIVATE_KEY } from '../upstream/certificate.js';
import { serve, standardChannels } from './serve.js';
import { staying } from './staying.js';

t.test('HTTP/1.0 gets an identity body that ends with the connection', async (t) => {
  const gateway = await serve(t);
  const client = await gateway.live({ httpVersion: '1.0' });
  t.notOk('transfer-encoding' in client.headers);
  t.notOk('content-length' in client.headers);
  t.equal(client.headers['connection'], 'close');
  gateway.upstream.publishNumbered(500);
  await client.waitFor(500);
  t.equal(client.events.at(-1)?.id, '500');
  const closing = gateway.app.sseGateway.drain();
  t.match(await client.waitForClose(), { why: 'complete', atBoundary: true });
  await closing;
});

t.test('HTTP/1.0 with keep-alive is told that the connection closes', async (t) => {
  const gateway = await serve(t);
  const client = await gateway.live({ httpVersion: '1.0', headers: { connection: 'keep-alive' } });
  t.equal(client.headers['connection'], 'close');
  await gateway.app.sseGateway.drain();
  t.match(await client.waitForClose(), { why: 'complete' });
});

t.test('HTTP/1.1 bodies are chunked, each chunk whole events, framed to the byte', async (t) => {
  const gateway = await serve(t);
  const client = await gateway.live();
  t.equal(client.headers['transfer-encoding'], 'chunked');
  t.notOk('content-length' in client.headers);
  // Sizes around the digits of a chunk's length, and one beyond a slice.
  for (const size of [1, 14, 15, 16, 200, 255, 256, 4_000, 4_096, 65_530, 65_536, 300_000]) {
    gateway.upstream.publish({ data: 'x'.repeat(size) });
    await client.waitFor((client) => client.events.at(-1)?.data.length === size, `${size} bytes`);
  }
  await gateway.app.sseGateway.drain();
  // The client's decoder refuses a framing that is off by a byte, and anything behind the last chunk.
  t.match(await client.waitForClose(), { why: 'complete', atBoundary: true });
});

t.test('a burst reaches a client in one chunk, not in one per event', async (t) => {
  const gateway = await serve(t);
  const client = await gateway.live();
  gateway.upstream.publishNumbered(1);
  await client.waitFor(1);
  const before = client.chunks;
  gateway.upstream.write(Array.from({ length: 50 }, (_, n) => `data: ${n}\n\n`).join(''));
  await client.waitFor(51);
  t.equal(client.chunks, before + 1);
});

staying('the connection of a stream that ended politely serves the next request', async (t) => {
  const gateway = await serve(t, (origin) => ({
    channels: { prices: { url: origin, heartbeatMs: 100, maxAgeMs: 1 } },
  }));
  const raw = gateway.raw('GET /events/prices HTTP/1.1\r\nHost: a\r\n\r\n');
  await raw.waitFor('\r\n0\r\n\r\n');
  const first = raw.text.length;
  t.match(raw.text, /\r\nConnection: keep-alive\r\n/i);
  raw.send('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n');
  await raw.waitFor('"status":"live"');
  t.match(raw.text.slice(first), /^HTTP\/1\.1 200 OK\r\n/, 'nothing stands between the two responses');
  const second = raw.text.length;
  raw.send('GET /events/prices HTTP/1.1\r\nHost: a\r\n\r\n');
  await raw.waitFor(/live"\}HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n0\r\n\r\n$/);
  t.match(raw.text.slice(second), /text\/event-stream/);
});

interface Stream {
  readonly headers: Record<string, unknown>;
  readonly stream: ClientHttp2Stream;
  text: string;
  ended: boolean;
}

async function open(session: ClientHttp2Session, path: string, more: Record<string, string> = {}) {
  const stream = session.request({ ':path': path, accept: 'text/event-stream', ...more });
  const opened: Stream = {
    stream,
    text: '',
    ended: false,
    headers: await new Promise((resolve, reject) => stream.once('response', resolve).once('error', reject)),
  };
  stream
    .setEncoding('utf8')
    .on('data', (text: string) => (opened.text += text))
    .on('end', () => (opened.ended = true))
    .on('error', () => undefined);
  return opened;
}

const holds = (stream: Stream, wanted: string) =>
  until(
    () => stream.text.includes(wanted),
    () => `${JSON.stringify(wanted)} is not in ${JSON.stringify(stream.text.slice(-200))}`,
  );

for (const secure of [false, true]) {
  const name = secure ? 'HTTP/2 over TLS' : 'HTTP/2 in clear text';

  const setUp = async (t: Test) => {
    const upstream = await ScriptedUpstream.listen();
    const https = secure ? { https: { key: PRIVATE_KEY, cert: CERTIFICATE } } : {};
    const app = fastify({ http2: true, ...https } as { http2: true }) as unknown as FastifyInstance;
    app.addHook('onRequest', async ({ headers }, reply) => {
      if ('x-connection' in headers) reply.header('connection', headers['x-connection']);
    });
    await app.register(sseGateway, {
      channels: standardChannels(`http://127.0.0.1:${upstream.port}`),
      pool: 'poison',
      drainMs: 0,
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.server.address() as AddressInfo;
    const session = connectHttp2(`${secure ? 'https' : 'http'}://127.0.0.1:${port}`, { ca: CERTIFICATE });
    session.on('error', () => undefined);
    t.teardown(async () => {
      session.destroy();
      await app.close();
      await upstream.close();
    });
    return { upstream, app, session };
  };

  t.test(`${name}: several streams share a session, without headers of a connection`, async (t) => {
    const { upstream, app, session } = await setUp(t);
    const warned: unknown[] = [];
    const warn = (warning: Error) => warned.push(warning.message);
    process.on('warning', warn);
    t.teardown(() => process.removeListener('warning', warn));
    const hop = { 'x-connection': 'close' };
    const streams = [await open(session, '/events/prices', hop), await open(session, '/events/prices')];
    await upstream.waitForConnections(1);
    t.strictSame(
      warned,
      [],
      'what a hook says about the connection is left out, not left to Node to complain of',
    );
    for (const { headers } of streams) {
      t.equal(headers[':status'], 200);
      t.equal(headers['content-type'], 'text/event-stream; charset=utf-8');
      t.equal(headers['sse-gateway-resume'], 'fresh');
      for (const header of ['connection', 'keep-alive', 'transfer-encoding'])
        t.notOk(header in headers, header);
    }
    upstream.publishNumbered(1_000);
    for (const stream of streams) {
      await holds(stream, 'id: 1000\n');
      t.match(stream.text, /^:\nretry: \d+\n\nid: 1\n/);
      t.equal(stream.text.match(/^id: /gm)?.length, 1_000);
    }
    t.equal(app.sseGateway.stats().subscribers, 2);
  });

  t.test(`${name}: an id resumes there too, whatever characters it has`, async (t) => {
    const { upstream, session } = await setUp(t);
    const first = await open(session, '/events/prices');
    await upstream.waitForConnections(1);
    upstream.publish({ id: 'é-1', data: 'a' });
    upstream.publish({ id: 'é-2', data: 'b' });
    await holds(first, 'data: b\n');
    const latin1 = Buffer.from('é-1').toString('latin1');
    const second = await open(session, '/events/prices', { 'last-event-id': latin1 });
    t.equal(second.headers['sse-gateway-resume'], 'exact');
    await holds(second, 'data: b\n');
    t.notMatch(second.text, 'data: a');
    const third = await open(session, `/events/prices?lastEventId=${encodeURIComponent('é-1')}`);
    t.equal(third.headers['sse-gateway-resume'], 'exact');
  });

  t.test(`${name}: a stream that is reset leaves the others and the session alone`, async (t) => {
    const { upstream, app, session } = await setUp(t);
    const kept = await open(session, '/events/prices');
    const reset = await open(session, '/events/prices');
    await upstream.waitForConnections(1);
    reset.stream.close(constants.NGHTTP2_CANCEL);
    await until(
      () => app.sseGateway.stats().subscribers === 1,
      () => `${app.sseGateway.stats().subscribers} subscribers`,
    );
    upstream.publishNumbered(3);
    await holds(kept, 'id: 3\n');
    const next = await open(session, '/events/prices', { 'last-event-id': '1' });
    await holds(next, 'id: 2\n');
    t.notOk(session.closed);
  });

  t.test(
    `${name}: refusals and HEAD are answers, and a drain ends streams but not the session`,
    async (t) => {
      const { app, session, upstream } = await setUp(t);
      t.equal((await open(session, '/events/nothing')).headers[':status'], 404);
      t.equal((await open(session, '/events/prices', { accept: 'text/html' })).headers[':status'], 406);
      t.equal((await open(session, '/events/prices', { ':method': 'POST' })).headers[':status'], 405);
      const head = await open(session, '/events/prices', { ':method': 'HEAD' });
      t.equal(head.headers[':status'], 200);
      t.equal(app.sseGateway.stats().subscribers, 0);
      const stream = await open(session, '/events/prices');
      await upstream.waitForConnections(1);
      await app.sseGateway.drain();
      await until(
        () => stream.ended,
        () => stream.text,
      );
      t.match(stream.text, /\nretry: \d+\n\n$/);
      t.equal(stream.stream.rstCode, constants.NGHTTP2_NO_ERROR);
      t.equal((await open(session, '/health/live')).headers[':status'], 200);
    },
  );
}
