import t from 'tap';
import { Pacer } from '../../src/upstream/pacer.js';
import { ManualClock } from '../helpers/manual-clock.js';
import { rig } from './rig.js';
import { serve, serveRaw, status, stream } from './server.js';

const utf8 = (text: string) => new TextEncoder().encode(text);

/** Step of a script: a redirect. */
const to = (location: string, code = 302) => status(code, { Location: location });

t.test('a request asks for an event stream on a connection of its own', async (t) => {
  const upstream = await serve(t, stream('data:1\n\n'));
  const r = rig(t, `${upstream.url}?a=1#b`, { headers: { 'X-Key': 'k' } });
  r.source.open();
  await r.next('connected');
  const { method, url, headers } = upstream.requests[0]!;
  t.same([method, url], ['GET', '/stream?a=1']);
  t.match(headers, {
    accept: 'text/event-stream',
    'accept-encoding': 'identity',
    'cache-control': 'no-store',
    connection: 'close',
    'x-key': 'k',
  });
  t.notOk('last-event-id' in headers);
});

t.test('the inlet’s cursor goes on the wire as its UTF-8 bytes', async (t) => {
  let wire = '';
  const upstream = await serveRaw(t, (socket, request) => {
    wire = request;
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n:\n');
  });
  const r = rig(t, upstream.url);
  r.inlet.cursor = utf8('naïve-☃-7');
  r.source.open();
  await r.next('connected');
  const sent = /\r\nLast-Event-ID: (.*)\r\n/.exec(wire)?.[1] ?? '';
  t.equal(Buffer.from(sent, 'latin1').toString('utf8'), 'naïve-☃-7');
  t.same(r.inlet.begun, [true]);
});

t.test('an id that no header can carry is not sent, and counted', async (t) => {
  const upstream = await serve(t, stream('data:1\n\n'));
  const r = rig(t, upstream.url);
  r.inlet.cursor = utf8('a\u0001b');
  r.source.open();
  await r.next('connected');
  t.notOk('last-event-id' in upstream.requests[0]!.headers);
  t.same(r.inlet.begun, [false]);
  t.equal(r.notes.filter((note) => note === 'cursor withheld').length, 1);
});

t.test('sendLastEventId: false sends no id and counts nothing', async (t) => {
  const upstream = await serve(t, stream('data:1\n\n'));
  const r = rig(t, upstream.url, { sendLastEventId: false });
  r.inlet.cursor = utf8('a\u0001b');
  r.source.open();
  await r.next('connected');
  t.notOk('last-event-id' in upstream.requests[0]!.headers);
  t.same(r.inlet.begun, [false]);
  t.notOk(r.notes.includes('cursor withheld'));
});

t.test('userinfo of the URL is sent as Basic authorization and nowhere else', async (t) => {
  const upstream = await serve(t, stream('data:1\n\n'));
  const r = rig(t, upstream.url.replace('http://', 'http://user:p%40ss@'));
  r.source.open();
  await r.next('connected');
  const { headers, url } = upstream.requests[0]!;
  t.equal(headers.authorization, `Basic ${btoa('user:p@ss')}`);
  t.equal(url, '/stream');
  t.notMatch(headers.host, /user/);
});

t.test('redirects on the same origin are followed with the same headers', async (t) => {
  const upstream = await serve(
    t,
    to('/b', 301),
    to('c', 303),
    to('/d', 307),
    to('/e', 308),
    stream('data:1\n\n'),
  );
  const r = rig(t, upstream.url.replace('http://', 'http://user:pass@'), { headers: { 'X-Key': 'k' } });
  r.inlet.cursor = utf8('7');
  r.source.open();
  await r.holds('data:1\n\n');
  t.same(
    upstream.requests.map(({ url }) => url),
    ['/stream', '/b', '/c', '/d', '/e'],
  );
  const last = upstream.requests.at(-1)!.headers;
  t.match(last, { 'x-key': 'k', 'last-event-id': '7', authorization: `Basic ${btoa('user:pass')}` });
  t.same(r.notes.slice(0, 4), ['state connecting', 'connecting 1', 'state open', 'connected']);
});

t.test('the connection that redirected is closed although its body never ends', async (t) => {
  const upstream = await serve(
    t,
    (_, response) => {
      response.writeHead(302, { Location: '/b' });
      response.write('endless');
    },
    stream('data:1\n\n'),
  );
  const r = rig(t, upstream.url);
  r.source.open();
  await r.next('connected');
  await upstream.closed(0);
  t.equal(upstream.sockets[1]!.destroyed, false);
});

t.test('a redirect to another origin is terminal, and that origin is never asked', async (t) => {
  const other = await serve(t, stream('data:1\n\n'));
  const upstream = await serve(t, to(other.url));
  const r = rig(t, upstream.url);
  r.source.open();
  t.equal(await r.next('disconnected'), 'disconnected redirect');
  t.equal(r.source.status.state, 'failed');
  t.equal(r.lastError?.code, 'SSE_GATEWAY_UPSTREAM_REDIRECT');
  t.equal(other.sockets.length, 0);
});

t.test('a redirect to a file is terminal', async (t) => {
  const upstream = await serve(t, to('file:///etc/passwd'));
  const r = rig(t, upstream.url);
  r.source.open();
  await r.next('disconnected redirect');
  t.equal(r.source.status.state, 'failed');
});

t.test('a redirect in a circle ends the attempt', async (t) => {
  const upstream = await serve(t, (request, response) => {
    to(request.url === '/stream' ? '/b' : '/stream')(request, response);
  });
  const r = rig(t, upstream.url);
  r.source.open();
  await r.next('disconnected redirect');
  t.equal(r.source.status.state, 'backoff');
  t.equal(upstream.requests.length, 2);
});

t.test('the sixth redirect ends the attempt', async (t) => {
  const upstream = await serve(t, (request, response) =>
    to(`/${upstream.requests.length}`)(request, response),
  );
  const r = rig(t, upstream.url);
  r.source.open();
  await r.next('disconnected redirect');
  t.equal(upstream.requests.length, 6);
});

t.test('the next attempt begins at the configured URL again, also after a permanent redirect', async (t) => {
  const upstream = await serve(t, to('/b', 308), status(500), to('/b', 308), stream('data:1\n\n'));
  const r = rig(t, upstream.url);
  r.source.open();
  await r.next('disconnected status');
  r.passDelay();
  await r.next('connected');
  t.same(
    upstream.requests.map(({ url }) => url),
    ['/stream', '/b', '/stream', '/b'],
  );
});

t.test('a close during a redirect leaves no connection', async (t) => {
  const upstream = await serve(t, to('/b'), () => r.source.close('idle'));
  const r = rig(t, upstream.url);
  r.source.open();
  await r.next('disconnected idle');
  await upstream.closed(1);
  t.equal(r.source.status.state, 'idle');
});

t.test('attempts beyond the pace of an origin wait, in state connecting', async (t) => {
  const upstream = await serve(t, stream('data:1\n\n'));
  const clock = new ManualClock();
  const pacer = new Pacer(clock, 20);
  const rigs = [1, 2, 3].map(() => rig(t, upstream.url, { clock, pacer }));
  for (const r of rigs) r.source.open();
  await Promise.all(rigs.slice(0, 2).map((r) => r.next('connected')));
  t.equal(rigs[2]!.source.status.state, 'connecting');
  t.equal(upstream.requests.length, 2);
  clock.advance(100);
  await rigs[2]!.next('connected');
});

t.test('each redirect counts against the pace', async (t) => {
  const upstream = await serve(t, to('/b'), stream('data:1\n\n'));
  const clock = new ManualClock();
  const r = rig(t, upstream.url, { clock, pacer: new Pacer(clock, 1) });
  r.source.open();
  await upstream.closed(0);
  t.equal(upstream.requests.length, 1);
  clock.advance(1_000);
  await r.next('connected');
});

t.test('a close while waiting for the pace asks for nothing', async (t) => {
  const upstream = await serve(t, stream('data:1\n\n'));
  const clock = new ManualClock();
  const pacer = new Pacer(clock, 1);
  pacer.take(new URL(upstream.url).origin);
  const r = rig(t, upstream.url, { clock, pacer });
  r.source.open();
  r.source.close('idle');
  t.equal(clock.pending, 0);
  t.same(r.notes, ['state connecting', 'connecting 1', 'disconnected idle', 'state idle']);
});
