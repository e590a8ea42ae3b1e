import { createServer as createHttpsServer } from 'node:https';
import t from 'tap';
import type { Dispatcher } from 'undici';
import { createDispatcher } from '../../src/upstream/dispatcher.js';
import { CERTIFICATE, PRIVATE_KEY } from './certificate.js';
import { type Rig, rig } from './rig.js';
import { listen, serve, serveSilence, stream, type Upstream } from './server.js';

const maxHeaderBytes = 16_384;

/** An HTTPS upstream with a certificate nobody signed. */
function serveTls(t: Parameters<typeof listen>[0], options: object = {}): Promise<Upstream> {
  const tls = { cert: CERTIFICATE, key: PRIVATE_KEY, ...options };
  return listen(t, createHttpsServer(tls, stream('data:1\n\n')), 'https');
}

t.test('a certificate that nobody signed is refused as connect-failed', async (t) => {
  const upstream = await serveTls(t);
  const r = rig(t, upstream.url);
  r.source.open();
  t.equal(await r.next('disconnected'), 'disconnected connect-failed');
  t.match(r.lastError?.cause, { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
});

t.test('NODE_TLS_REJECT_UNAUTHORIZED=0 does not switch verification off', async (t) => {
  const name = 'NODE_TLS_REJECT_UNAUTHORIZED';
  const before = process.env[name];
  process.env[name] = '0';
  t.teardown(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
  const upstream = await serveTls(t);
  const r = rig(t, upstream.url);
  r.source.open();
  t.equal(await r.next('disconnected'), 'disconnected connect-failed');
});

t.test('a certificate of the given ca is trusted', async (t) => {
  const upstream = await serveTls(t);
  const r = rig(t, upstream.url, { dispatcher: createDispatcher({ maxHeaderBytes, ca: CERTIFICATE }) });
  r.source.open();
  await r.holds('data:1\n\n');
});

t.test('a trusted certificate for another name is refused', async (t) => {
  const upstream = await serveTls(t);
  const dispatcher = createDispatcher({ maxHeaderBytes, ca: CERTIFICATE, servername: 'other.test' });
  const r = rig(t, upstream.url, { dispatcher });
  r.source.open();
  t.equal(await r.next('disconnected'), 'disconnected connect-failed');
  t.match(r.lastError?.cause, { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
});

t.test('cert and key identify us to an upstream that asks', async (t) => {
  const upstream = await serveTls(t, { requestCert: true, ca: CERTIFICATE });
  const own = { cert: CERTIFICATE, key: PRIVATE_KEY };
  const dispatcher = createDispatcher({ maxHeaderBytes, ca: CERTIFICATE, ...own });
  const r = rig(t, upstream.url, { dispatcher });
  r.source.open();
  await r.next('connected');
});

t.test('fifty sources at one origin are open at once and none waits for another', async (t) => {
  const upstream = await serve(t, stream('data:1\n\n'));
  const dispatcher = createDispatcher({ maxHeaderBytes });
  const rigs: Rig[] = [];
  for (let i = 0; i < 50; i++) rigs.push(rig(t, upstream.url, { dispatcher }));
  for (const { source } of rigs) source.open();
  await Promise.all(rigs.map((r) => r.holds('data:1\n\n')));
  t.equal(upstream.sockets.filter((socket) => !socket.destroyed).length, 50);
  rigs[0]!.source.close('idle');
  await upstream.closed(upstream.sockets.indexOf(upstream.requests[0]!.socket));
  t.equal(upstream.sockets.filter((socket) => !socket.destroyed).length, 49, 'the others stay open');
});

t.test('a signal closes a socket that is still connecting', async (t) => {
  const upstream = await serveSilence(t, 'https');
  const dispatcher = createDispatcher({ maxHeaderBytes, ca: CERTIFICATE });
  t.teardown(() => dispatcher.destroy());
  const aborter = new AbortController();
  const options = {
    origin: new URL(upstream.url).origin,
    path: '/',
    method: 'GET',
    signal: aborter.signal,
  } as const;
  dispatcher.dispatch(options, { onRequestStart() {}, onResponseError() {} });
  await upstream.accepted();
  aborter.abort();
  await upstream.closed();
});

t.test('destroy closes every socket, connected or connecting', async (t) => {
  const open = await serve(t, stream('data:1\n\n'));
  const silent = await serveSilence(t, 'https');
  const dispatcher = createDispatcher({ maxHeaderBytes, ca: CERTIFICATE });
  const first = rig(t, open.url, { dispatcher });
  const second = rig(t, silent.url, { dispatcher });
  first.source.open();
  second.source.open();
  await first.next('connected');
  await silent.accepted();
  await dispatcher.destroy();
  await open.closed();
  await silent.closed();
});

t.test('a destroyed dispatcher makes attempts fail and throws nothing at the source', async (t) => {
  const dispatcher = createDispatcher({ maxHeaderBytes });
  await dispatcher.destroy();
  const r = rig(t, 'http://127.0.0.1:9/', { dispatcher });
  r.source.open();
  t.equal(await r.next('disconnected'), 'disconnected connect-failed');
});

t.test('close and destroy call back, as those of every dispatcher do', async (t) => {
  const calls: ((dispatcher: Dispatcher, done: () => void) => void)[] = [
    (dispatcher, done) => dispatcher.close(done),
    (dispatcher, done) => dispatcher.destroy(done),
    (dispatcher, done) => dispatcher.destroy(null, done),
  ];
  for (const call of calls) {
    const dispatcher = createDispatcher({ maxHeaderBytes });
    await new Promise<void>((done) => call(dispatcher, done));
    t.throws(() => dispatcher.dispatch({ origin: 'http://up.test', path: '/', method: 'GET' }, {}));
  }
});

t.test('close waits for the answers under way', async (t) => {
  let finish = () => {};
  const upstream = await serve(t, (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write('data:1\n\n');
    finish = () => response.end('data:2\n\n');
  });
  const dispatcher = createDispatcher({ maxHeaderBytes });
  const r = rig(t, upstream.url, { dispatcher });
  r.source.open();
  await r.holds('data:1\n\n');
  const closed = dispatcher.close();
  finish();
  await r.next('disconnected ended');
  await closed;
  t.equal(r.inlet.text, 'data:1\n\ndata:2\n\n');
});

t.test('TLS sessions are resumed within one dispatcher', async (t) => {
  const reused: boolean[] = [];
  const server = createHttpsServer({ cert: CERTIFICATE, key: PRIVATE_KEY }, stream('data:1\n\n'));
  server.on('secureConnection', (socket) => reused.push(socket.isSessionReused()));
  const upstream = await listen(t, server, 'https');
  const dispatcher = createDispatcher({ maxHeaderBytes, ca: CERTIFICATE });
  const first = rig(t, upstream.url, { dispatcher });
  first.source.open();
  await first.holds('data:1\n\n');
  const second = rig(t, upstream.url, { dispatcher });
  second.source.open();
  await second.next('connected');
  t.same(reused, [false, true]);
});
