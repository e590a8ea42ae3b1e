import t from 'tap';
import { Dispatcher } from 'undici';
import { createDispatcher } from '../../src/upstream/dispatcher.js';
import { CERTIFICATE } from './certificate.js';
import { rig } from './rig.js';
import { serve, serveRaw, serveSilence } from './server.js';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n';
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;

t.test('a refused connection is connect-failed, with the cause', async (t) => {
  const upstream = await serveSilence(t);
  await upstream.stop();
  const r = rig(t, upstream.url);
  r.source.open();
  t.equal(await r.next('disconnected'), 'disconnected connect-failed');
  t.equal(r.lastError?.code, 'SSE_GATEWAY_UPSTREAM_CONNECT');
  t.match(r.lastError?.cause, { code: 'ECONNREFUSED' });
});

t.test('a host without an address is connect-failed', async (t) => {
  const r = rig(t, 'http://no-such-host.invalid/');
  r.source.open();
  t.equal(await r.next('disconnected'), 'disconnected connect-failed');
  t.match(r.lastError?.cause, { syscall: 'getaddrinfo' });
});

t.test('a header that HTTP does not allow is connect-failed and no exception', async (t) => {
  const r = rig(t, 'http://127.0.0.1:9/', { headers: { 'X-Bad': 'a\nb' } });
  r.source.open();
  t.equal(await r.next('disconnected'), 'disconnected connect-failed');
  t.equal(r.source.status.state, 'backoff');
  t.notMatch(r.lastError?.message, /a\nb/);
});

t.test('a dispatcher that throws is connect-failed and no exception', async (t) => {
  class Throwing extends Dispatcher {
    override dispatch(): boolean {
      throw new Error('thrown');
    }
    override async destroy(): Promise<void> {}
  }
  const r = rig(t, 'http://up.test/', { dispatcher: new Throwing() });
  r.source.open();
  t.equal(await r.next('disconnected'), 'disconnected connect-failed');
});

t.test('a socket that is not connected in time is connect-timeout, and is closed', async (t) => {
  // A TLS server that never says a word: the socket is there, the connection is not.
  const upstream = await serveSilence(t, 'https');
  const dispatcher = createDispatcher({ maxHeaderBytes: 16_384, ca: CERTIFICATE });
  const r = rig(t, upstream.url, { dispatcher });
  r.source.open();
  await upstream.accepted();
  r.clock.advance(9_999);
  t.equal(r.source.status.state, 'connecting');
  r.clock.advance(1);
  t.equal(await r.next('disconnected'), 'disconnected connect-timeout');
  t.equal(r.lastError?.code, 'SSE_GATEWAY_UPSTREAM_CONNECT_TIMEOUT');
  await upstream.closed();
});

t.test(
  'an upstream that accepts and is silent is first-byte-timeout, and its socket is closed',
  async (t) => {
    let asked = () => {};
    const request = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const upstream = await serveRaw(t, () => asked());
    const r = rig(t, upstream.url);
    r.source.open();
    await request;
    r.clock.advance(29_999);
    t.equal(r.source.status.state, 'connecting');
    r.clock.advance(1);
    t.equal(await r.next('disconnected'), 'disconnected first-byte-timeout');
    await upstream.closed();
  },
);

t.test('1xx answers are passed over', async (t) => {
  const hints = 'HTTP/1.1 103 Early Hints\r\nContent-Type: text/html\r\n\r\n';
  const upstream = await serveRaw(t, (socket) =>
    socket.write(`${hints}${hints}${CHUNKED}8\r\ndata:1\n\n\r\n`),
  );
  const r = rig(t, upstream.url);
  r.source.open();
  await r.holds('data:1\n\n');
  t.same(r.inlet.begun, [false]);
});

t.test('a head and then silence is idle-timeout', async (t) => {
  const upstream = await serve(t, (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.flushHeaders();
  });
  const r = rig(t, upstream.url);
  r.source.open();
  await r.next('connected');
  r.clock.advance(89_999);
  t.equal(r.source.status.state, 'open');
  r.clock.advance(1);
  t.equal(await r.next('disconnected'), 'disconnected idle-timeout');
  await upstream.closed();
});

t.test('a comment counts as a byte for the idle timeout', async (t) => {
  let write = (_: string) => {};
  const upstream = await serve(t, (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.flushHeaders();
    write = (text) => response.write(text);
  });
  const r = rig(t, upstream.url);
  r.source.open();
  await r.next('connected');
  r.clock.advance(60_000);
  write(':\n\n');
  await r.next('received 3');
  r.clock.advance(89_999);
  t.equal(r.source.status.state, 'open');
  r.clock.advance(1);
  t.equal(await r.next('disconnected'), 'disconnected idle-timeout');
});

t.test('a reset in the middle of an event is network-error, and the inlet is ended', async (t) => {
  const upstream = await serveRaw(t, (socket) => {
    socket.write(`${CHUNKED}6\r\ndata:1\r\n`);
  });
  const r = rig(t, upstream.url);
  r.source.open();
  await r.holds('data:1');
  upstream.sockets[0]!.resetAndDestroy();
  t.equal(await r.next('disconnected'), 'disconnected network-error');
  t.equal(r.lastError?.code, 'SSE_GATEWAY_UPSTREAM_NETWORK');
  t.ok(r.lastError?.cause instanceof Error);
  t.equal(r.inlet.ends, 1);
});

t.test('a chunked body that is cut short is network-error, not an end', async (t) => {
  const upstream = await serveRaw(t, (socket) => socket.end(`${CHUNKED}64\r\ndata:1\n\n`));
  const r = rig(t, upstream.url);
  r.source.open();
  t.equal(await r.next('disconnected'), 'disconnected network-error');
});

t.test('a connection that closes before any answer is network-error', async (t) => {
  const upstream = await serveRaw(t, (socket) => socket.end());
  const r = rig(t, upstream.url);
  r.source.open();
  t.equal(await r.next('disconnected'), 'disconnected network-error');
});

t.test('an answer that is not HTTP is network-error', async (t) => {
  const upstream = await serveRaw(t, (socket) => socket.end('220 mail.test ESMTP\r\n'));
  const r = rig(t, upstream.url);
  r.source.open();
  t.equal(await r.next('disconnected'), 'disconnected network-error');
});

t.test('a complete chunked body is a clean end, its trailers ignored', async (t) => {
  const upstream = await serveRaw(t, (socket) =>
    socket.end(`${CHUNKED}8\r\ndata:1\n\n\r\n0\r\nX-Trailer: 1\r\n\r\n`),
  );
  const r = rig(t, upstream.url);
  r.source.open();
  t.equal(await r.next('disconnected'), 'disconnected ended');
  t.equal(r.inlet.text, 'data:1\n\n');
});

t.test('a body with a length ends cleanly at it, and the kept-alive socket is closed by us', async (t) => {
  const upstream = await serveRaw(t, (socket) => {
    socket.write(`${HEAD}Content-Length: 8\r\nConnection: keep-alive\r\n\r\ndata:1\n\n`);
  });
  const r = rig(t, upstream.url);
  r.source.open();
  t.equal(await r.next('disconnected'), 'disconnected ended');
  t.equal(r.inlet.text, 'data:1\n\n');
  await upstream.closed();
});

t.test('an HTTP/1.0 upstream is read until it closes', async (t) => {
  const upstream = await serveRaw(t, (socket) => {
    socket.end('HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata:1\n\n');
  });
  const r = rig(t, upstream.url);
  r.source.open();
  t.equal(await r.next('disconnected'), 'disconnected ended');
  t.equal(r.inlet.text, 'data:1\n\n');
});

t.test('a response head above the limit is headers-too-large, and an endless one is cut', async (t) => {
  const upstream = await serveRaw(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    const more = () => {
      while (!socket.destroyed && socket.write(`X-Filler: ${'x'.repeat(1_000)}\r\n`));
    };
    socket.on('drain', more);
    more();
  });
  const r = rig(t, upstream.url);
  r.source.open();
  t.equal(await r.next('disconnected'), 'disconnected headers-too-large');
  t.equal(r.lastError?.code, 'SSE_GATEWAY_UPSTREAM_HEADERS_TOO_LARGE');
  await upstream.closed();
});

t.test('maxHeaderBytes of the upstream holds whatever the dispatcher allows', async (t) => {
  const upstream = await serve(t, (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Filler': 'x'.repeat(1_000) });
    response.write('data:1\n\n');
  });
  const r = rig(t, upstream.url, { maxHeaderBytes: 500 });
  r.source.open();
  t.equal(await r.next('disconnected'), 'disconnected headers-too-large');
  await upstream.closed();
});

t.test('no error and no message shows the userinfo or the query of the URL', async (t) => {
  const upstream = await serveSilence(t);
  await upstream.stop();
  const url = upstream.url.replace('http://', 'http://user:hunter2@');
  const r = rig(t, `${url}?key=hunter2`);
  r.source.open();
  await r.next('disconnected');
  const shown = JSON.stringify([r.lastError?.message, r.lastError?.stack, String(r.lastError?.cause)]);
  t.notMatch(shown, /hunter2/);
});

t.test('what arrives in one read with the head is not lost', async (t) => {
  const upstream = await serveRaw(t, (socket) => socket.write(`${CHUNKED}8\r\ndata:1\n\n\r\n`));
  const r = rig(t, upstream.url);
  r.source.open();
  await r.holds('data:1\n\n');
  t.same(r.notes, ['state connecting', 'connecting 1', 'state open', 'connected', 'received 8']);
});
