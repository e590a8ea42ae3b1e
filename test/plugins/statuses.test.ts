import t from 'tap';
import { until } from '../helpers/waits.js';
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
  t.equal((await gateway.ask('/events/prices', { method: 'HEAD', headers: { accept: 'text/html' } })).status, 406);
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
  t.equal(gateway.upstream.socketsTotal, 0);
  for (const ids of [['7', '7'], ['7', ''], ['', '']]) {
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

t.test("the upstream's 204 is the client's 204", async (t) => {
  const gateway = await serve(t);
  gateway.upstream.respond({ status: 204 });
  const first = await gateway.ask('/events/prices');
  t.equal(first.status, 204);
  t.equal((await gateway.ask('/events/prices')).status, 204);
  t.equal(gateway.upstream.requests.length, 1, 'and is remembered');
});

t.test('an upstream that stopped for good is 502 with the time until it may be tried again', async (t) => {
  const answers = {
    401: { status: 401 },
    403: { status: 403 },
    404: { status: 404 },
    410: { status: 410 },
    html: { status: 200, headers: { 'content-type': 'text/html' }, body: '<p>' },
    'no type': { status: 200 },
    charset: { status: 200, headers: { 'content-type': 'text/event-stream; charset=latin1' } },
  };
  for (const [name, answer] of Object.entries(answers)) {
    const gateway = await serve(t, (origin) => ({
      channels: { prices: { url: origin, retryFailedMs: 42_500 } },
    }));
    gateway.upstream.respond(answer);
    for (const turn of ['the first client', 'a later one']) {
      const { status, headers, text } = await gateway.ask('/events/prices');
      t.equal(status, 502, `${name}: ${turn}`);
      t.equal(code(text), 'SSE_GATEWAY_UPSTREAM_FAILED');
      const after = Number(headers.get('retry-after'));
      t.ok(after > 30 && after <= 43, `Retry-After ${after}`);
    }
    t.equal(gateway.upstream.requests.length, 1);
    t.equal(gateway.subscribers, 0);
  }
});

t.test('after retryFailedMs the next client opens one attempt', async (t) => {
  const gateway = await serve(t, (origin) => ({ channels: { prices: { url: origin, retryFailedMs: 1 } } }));
  gateway.upstream.respond({ status: 404 }, 1);
  t.equal((await gateway.ask('/events/prices')).status, 502);
  await until(
    () => gateway.app.sseGateway.stats().channels['prices']?.retryInMs === 0,
    () => 'the wait is not over',
  );
  const client = await gateway.live();
  t.equal(client.status, 200);
  t.equal(gateway.upstream.requests.length, 2);
});

t.test('the subscribers of a channel that fails are told, and closed as upstream-failed', async (t) => {
  const reasons: unknown[] = [];
  const gateway = await serve(t, (origin) => ({
    channels: { prices: { url: origin, backoffBaseMs: 1, backoffMinMs: 1 } },
    onStream: (_request, { type, reason }) => type === 'close' && reasons.push(reason),
  }));
  const clients = [await gateway.live(), await gateway.live()];
  gateway.upstream.respond({ status: 410 });
  gateway.upstream.cutAll();
  for (const client of clients) {
    t.match(await client.waitForClose(), { why: 'complete', atBoundary: true });
    t.match(client.events.at(-1), { type: 'gateway.end', data: '{"reason":"SSE_GATEWAY_UPSTREAM_STATUS"}' });
  }
  await gateway.waitForSubscribers(0);
  t.strictSame(reasons, ['upstream-failed', 'upstream-failed']);
});

t.test('a client that leaves while the first connect waits leaves nothing behind', async (t) => {
  let streams = 0;
  const gateway = await serve(t, (origin) => ({
    channels: { prices: { url: origin, lingerMs: 0 } },
    onStream: () => {
      streams += 1;
    },
  }));
  let answer: () => void = () => undefined;
  gateway.upstream.respond((_request, response) => {
    answer = () => response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    return true;
  });
  const gone = new Promise((resolve) => {
    gateway.app.server.once('connection', (socket) => socket.once('close', resolve));
  });
  const early = gateway.client();
  await gateway.upstream.waitForRequests(1);
  early.destroy();
  await gone;
  answer();
  await gateway.waitForState('idle');
  t.equal(gateway.subscribers, 0);
  t.equal(streams, 0, 'a stream that never began is not told of');
  await until(
    () => gateway.upstream.sockets === 0,
    () => `${gateway.upstream.sockets} sockets at the upstream`,
  );
});

t.test('inject() answers what is refused, as it does for any route', async (t) => {
  const { app } = await serve(t);
  t.equal((await app.inject('/events/nothing')).statusCode, 404);
  t.equal((await app.inject({ url: '/events/prices', headers: { accept: 'text/html' } })).statusCode, 406);
  t.equal((await app.inject({ url: '/events/rooms/%00' })).statusCode, 400);
});
