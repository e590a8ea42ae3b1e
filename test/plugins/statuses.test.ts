import t from 'tap';
import { serve } from './serve.js';

interface Refusal {
  readonly code: string;
}

const code = (text: string) => (JSON.parse(text) as Refusal).code;

t.test('a channel that is not configured is 404 and reaches no upstream', async (t) => {
  const gateway = await serve(t);
  for (const path of ['/events/nothing', '/events/prices/more', '/events/', '/events/rooms/a/b']) {
    const { status, text } = await gateway.ask(path);
    t.equal(status, 404, path);
    t.equal(code(text), 'SSE_GATEWAY_CHANNEL_UNKNOWN', path);
  }
  t.equal(gateway.upstream.socketsTotal, 0);
});

t.test('another method is 405 with Allow, whatever its body is', async (t) => {
  const gateway = await serve(t);
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    for (const type of ['application/json', 'text/event-stream', 'nonsense', '']) {
      const body = type === '' ? {} : { body: '{"not json', headers: { 'content-type': type } };
      const { status, headers, text } = await gateway.ask('/events/prices', { method, ...body });
      t.equal(status, 405, `${method} ${type}`);
      t.equal(headers.get('allow'), 'GET, HEAD, OPTIONS');
      t.equal(code(text), 'SSE_GATEWAY_METHOD_NOT_ALLOWED');
    }
  }
  t.equal(gateway.upstream.socketsTotal, 0);
});

t.test('HEAD answers the head of the stream, ends, and opens nothing', async (t) => {
  const gateway = await serve(t);
  const head = await gateway.ask('/events/prices', { method: 'HEAD' });
  t.equal(head.status, 200);
  const client = await gateway.live();
  for (const name of ['content-type', 'cache-control', 'x-accel-buffering']) {
    t.equal(head.headers.get(name), client.headers[name], name);
  }
  t.equal(head.headers.get('content-length'), null, 'the stream has no length, so neither has its head');
  client.destroy();
  await gateway.waitForSubscribers(0);
  await gateway.ask('/events/rooms/lobby', { method: 'HEAD' });
  t.equal(gateway.upstream.requests.length, 1);
  t.notOk('rooms/lobby' in gateway.app.sseGateway.stats().channels);
  t.equal(
    (await gateway.ask('/events/prices', { method: 'HEAD', headers: { accept: 'text/html' } })).status,
    406,
  );
});

t.test('OPTIONS says what is allowed', async (t) => {
  const gateway = await serve(t);
  const { status, headers, text } = await gateway.ask('/events/prices', { method: 'OPTIONS' });
  t.equal(status, 204);
  t.equal(headers.get('allow'), 'GET, HEAD, OPTIONS');
  t.equal(text, '');
});

t.test('an Accept that leaves event streams out is 406, any that lets them in is served', async (t) => {
  const gateway = await serve(t);
  const refused = [
    'text/html',
    'application/json, text/plain;q=0.5',
    'text/event-stream;q=0',
    'text/event-stream;q=0, */*',
    'text/*;q=0, application/json',
  ];
  for (const accept of refused) {
    const { status, text } = await gateway.ask('/events/prices', { headers: { accept } });
    t.equal(status, 406, accept);
    t.equal(code(text), 'SSE_GATEWAY_NOT_ACCEPTABLE');
  }
  t.equal(gateway.upstream.socketsTotal, 0);
  const served = [
    'text/event-stream',
    'TEXT/Event-Stream',
    'text/event-stream; charset=utf-8',
    'text/*',
    '*/*',
    'text/html, */*;q=0.1',
    'application/json;q=0.9, text/event-stream;q=0.1',
  ];
  for (const accept of served) {
    const client = await gateway.reader({ headers: { accept } });
    t.equal(client.status, 200, accept);
  }
  const absent = gateway.raw('GET /events/prices HTTP/1.1\r\nHost: a\r\n\r\n');
  await absent.waitFor('retry:');
  t.match(absent.text, /^HTTP\/1\.1 200 /);
});

t.test('two ids to resume from are 400 unless they are the same', async (t) => {
  const gateway = await serve(t);
  const ask = (...ids: string[]) =>
    gateway.raw(
      `GET /events/prices HTTP/1.1\r\nHost: a\r\n${ids.map((id) => `Last-Event-ID: ${id}\r\n`).join('')}\r\n`,
    );
  const conflict = ask('1', '2');
  await conflict.waitFor(/SSE_GATEWAY_RESUME_ID_CONFLICT/);
  t.match(conflict.text, /^HTTP\/1\.1 400 /);
  const twice = gateway.raw('GET /events/prices?lastEventId=1&lastEventId=2 HTTP/1.1\r\nHost: a\r\n\r\n');
  await twice.waitFor(/SSE_GATEWAY_RESUME_ID_CONFLICT/);
  t.equal(gateway.upstream.socketsTotal, 0);
  for (const ids of [
    ['7', '7'],
    ['7', ''],
    ['', ''],
  ]) {
    const same = ask(...ids);
    await same.waitFor('retry:');
    t.match(same.text, /^HTTP\/1\.1 200 /, JSON.stringify(ids));
  }
});

t.test('a template parameter that could leave its place is refused and reaches no upstream', async (t) => {
  const gateway = await serve(t, {}, { fastify: { routerOptions: { maxParamLength: 1_000 } } });
  const bad = [
    '/events/rooms/',
    '/events/rooms/..',
    '/events/rooms/.',
    '/events/rooms/%2e%2e',
    '/events/rooms/a%2Fb',
    '/events/rooms/..%2f..%2fadmin',
    '/events/rooms/a%5Cb',
    '/events/rooms/%00',
    '/events/rooms/a%0Ab',
    '/events/rooms/a%0D%0AX:%20y',
    '/events/rooms/%7F',
    '/events/rooms/%ff',
    `/events/rooms/${'x'.repeat(257)}`,
    `/events/rooms/${'x'.repeat(1_001)}`,
  ];
  for (const path of bad) {
    const raw = gateway.raw(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    await raw.waitForClose();
    t.match(raw.text, /^HTTP\/1\.1 40[04] /, path);
  }
  t.equal(gateway.upstream.socketsTotal, 0);
  t.strictSame(gateway.app.sseGateway.stats().channels, {});
});

t.test('a template parameter goes upstream percent-encoded, in one path segment', async (t) => {
  const gateway = await serve(t);
  const names: Record<string, string> = {
    'a%20b': '/rooms/a%20b/events',
    'a%3Fb%23c': '/rooms/a%3Fb%23c/events',
    'caf%C3%A9': '/rooms/caf%C3%A9/events',
    'a%25b': '/rooms/a%25b/events',
    '%3Aroom': '/rooms/%3Aroom/events',
    '...': '/rooms/.../events',
    'a@b:1': '/rooms/a%40b%3A1/events',
  };
  for (const [given, asked] of Object.entries(names)) {
    const before = gateway.upstream.requests.length;
    await gateway.reader({ path: `/events/rooms/${given}` });
    t.equal((await gateway.upstream.waitForRequests(before + 1)).url, asked, given);
  }
});

t.test('inject() answers what is refused, as it does for any route', async (t) => {
  const { app } = await serve(t);
  t.equal((await app.inject('/events/nothing')).statusCode, 404);
  t.equal((await app.inject({ url: '/events/prices', headers: { accept: 'text/html' } })).statusCode, 406);
  t.equal((await app.inject({ url: '/events/rooms/%00' })).statusCode, 400);
});
