import { connect } from 'node:tls';
import t from 'tap';
import { CERTIFICATE, PRIVATE_KEY } from '../upstream/certificate.js';
import { serve } from './serve.js';
import { staying } from './staying.js';

const EVENTS = 'GET /events/prices HTTP/1.1\r\nHost: a\r\n';

staying('what is no request behind a stream ends it, and is not answered in the middle of it', async (t) => {
  const reasons: string[] = [];
  const gateway = await serve(t, { onStream: (_request, { reason }) => reason && reasons.push(reason) });
  const raw = gateway.raw(`${EVENTS}\r\n`);
  await raw.waitFor('retry:');
  raw.send('no request\r\n\r\n');
  t.match(await raw.waitForClose(), /retry: \d+\n\n\r\n$/);
  await gateway.waitForSubscribers(0);
  t.same(reasons, ['client-closed']);
});

staying(
  'a body that never ends is cut by the timeout of the server, and no 408 stands in the stream',
  async (t) => {
    const gateway = await serve(
      t,
      {},
      { fastify: { requestTimeout: 200, http: { headersTimeout: 200, connectionsCheckingInterval: 50 } } },
    );
    const raw = gateway.raw(`${EVENTS}Content-Length: 10\r\n\r\n`);
    await raw.waitFor('retry:');
    t.match(await raw.waitForClose(), /retry: \d+\n\n\r\n$/);
  },
);

t.test('over TLS neither', async (t) => {
  const https = { https: { key: PRIVATE_KEY, cert: CERTIFICATE } };
  const gateway = await serve(t, {}, { fastify: https as object });
  const socket = connect({ port: gateway.port, host: '127.0.0.1', ca: CERTIFICATE }).setEncoding('latin1');
  t.teardown(() => socket.destroy());
  let text = '';
  socket.on('data', (piece: string) => {
    text += piece;
    if (piece.includes('retry:')) socket.write('no request\r\n\r\n');
  });
  socket.write(`${EVENTS}\r\n`);
  await new Promise((resolve) => socket.on('error', resolve).once('close', resolve));
  t.match(text, /retry: \d+\n\n\r\n$/);
});

staying('behind a stream that ended politely a broken request gets its answer', async (t) => {
  const gateway = await serve(t, (origin) => ({
    channels: { prices: { url: origin, maxAgeMs: 1, heartbeatMs: 100 } },
  }));
  const raw = gateway.raw(`${EVENTS}\r\n`);
  await raw.waitFor('\r\n0\r\n\r\n');
  raw.send('no request\r\n\r\n');
  t.match(await raw.waitForClose(), /\r\n0\r\n\r\nHTTP\/1\.1 400 Bad Request\r\n/);
});

t.test('a body that nobody asked for hides neither the end of its client nor the next request', async (t) => {
  const gateway = await serve(t, {}, { fastify: { http: { headersTimeout: 60_000 } } });
  const raw = gateway.raw(`${EVENTS}Content-Length: 1000000000\r\n\r\n`);
  await raw.waitFor('retry:');
  raw.send('x'.repeat(4_000_000));
  raw.end();
  await gateway.waitForSubscribers(0);
  t.equal(raw.text.match(/HTTP\/1\.1 /g)?.length, 1);
});

staying('behind the body of a request for a stream comes the next request', async (t) => {
  const gateway = await serve(t, (origin) => ({
    channels: { prices: { url: origin, maxAgeMs: 1, heartbeatMs: 100 } },
  }));
  const body = 'GET /health/ready HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(10_000);
  const raw = gateway.raw(`${EVENTS}Content-Length: ${body.length}\r\n\r\n${body}`);
  raw.send('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n');
  await raw.waitFor('{"status":"live"}');
  t.equal(raw.text.match(/HTTP\/1\.1 200 OK/g)?.length, 2);
  t.notMatch(raw.text, 'ready');
});
