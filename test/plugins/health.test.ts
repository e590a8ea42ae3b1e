import t from 'tap';
import { until } from '../helpers/waits.js';
import { serve } from './serve.js';

interface Health {
  readonly status: string;
  readonly name: string;
  readonly subscribers: number;
  readonly channels: Record<string, Record<string, unknown>>;
}

t.test('a channel nobody asked for is idle, and the gateway ok', async (t) => {
  const gateway = await serve(t, { name: 'main' });
  const response = await gateway.ask('/health');
  t.equal(response.headers.get('cache-control'), 'no-store');
  t.match(response.headers.get('content-type'), 'application/json');
  t.match(JSON.parse(response.text), {
    status: 'ok',
    name: 'main',
    subscribers: 0,
    channels: {
      prices: { state: 'idle', subscribers: 0 },
      'rooms/:room': { channels: 0, states: {}, subscribers: 0, maxLagBytes: 0 },
    },
    memory: { logBytes: 0 },
  });
});

t.test('a channel goes through connecting, open and backoff to failed, and each can be seen', async (t) => {
  const gateway = await serve(t, (origin) => ({
    channels: {
      prices: { url: origin, required: true, backoffMinMs: 300, backoffBaseMs: 300, backoffMaxMs: 300 },
    },
  }));
  const prices = async () => (await gateway.json<Health>('/health')).channels['prices'];
  const ready = async () => (await gateway.ask('/health/ready')).status;
  let answer: () => void = () => undefined;
  gateway.upstream.respond((_request, response) => {
    answer = () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('id: 1\ndata: x\n\n');
    };
    return true;
  }, 1);
  const client = gateway.client();
  await gateway.upstream.waitForRequests(1);
  t.match(await prices(), { state: 'connecting', attempts: 0, subscribers: 0 });
  t.equal(await ready(), 200);
  answer();
  await client.waitFor(1);
  t.match(await prices(), {
    state: 'open',
    subscribers: 1,
    maxLagBytes: 0,
    lastEventAgeMs: Number,
    log: { events: 1, pinnedBytes: 0 },
  });
  t.notOk('lastError' in (await prices())!);
  gateway.upstream.respond({ status: 404 });
  gateway.upstream.cutAll();
  await gateway.waitForState('backoff');
  const backoff = await prices();
  t.match(backoff, { state: 'backoff', attempts: 1, lastError: { code: 'SSE_GATEWAY_UPSTREAM_NETWORK' } });
  t.ok(Number(backoff?.['retryInMs']) > 0 && Number(backoff?.['retryInMs']) <= 300);
  t.equal((await gateway.json<Health>('/health')).status, 'degraded');
  t.equal(await ready(), 200, 'a blip makes nobody go elsewhere');
  await gateway.waitForState('failed');
  t.match(await prices(), { state: 'failed', lastError: { code: 'SSE_GATEWAY_UPSTREAM_STATUS' } });
  t.match(await gateway.ask('/health/ready'), {
    status: 503,
    text: '{"status":"not-ready","reason":"channel prices failed"}',
  });
  t.equal((await gateway.ask('/health/live')).status, 200, 'a restart would not help');
});

t.test('a failed channel that is not required leaves the gateway ready', async (t) => {
  const gateway = await serve(t);
  gateway.upstream.respond({ status: 404 });
  await gateway.ask('/events/prices');
  await gateway.waitForState('failed');
  t.equal((await gateway.ask('/health/ready')).status, 200);
  t.equal((await gateway.json<Health>('/health')).status, 'degraded');
});

t.test('an event from long ago is not taken for a new one', async (t) => {
  const gateway = await serve(t);
  const client = await gateway.live();
  gateway.upstream.publishNumbered(1);
  await client.waitFor(1);
  const age = () => gateway.app.sseGateway.stats().channels['prices']!.lastEventAgeMs!;
  await until(
    () => age() >= 100,
    () => `${age()} ms`,
  );
  t.ok(age() >= 100);
});

t.test('a template shows the sum of its channels, and its channels a page at a time', async (t) => {
  const gateway = await serve(t, (origin) => ({ channels: { 'rooms/:room': { url: `${origin}/:room` } } }));
  const clients = [
    await gateway.live({ path: '/events/rooms/a' }),
    await gateway.reader({ path: '/events/rooms/a' }),
    await gateway.reader({ path: '/events/rooms/b%20c' }),
  ];
  for (let n = 0; n < 203; n += 1) gateway.app.sseGateway.publish(`rooms/n${n}`, { data: 'x' });
  await gateway.upstream.waitForConnections(2);
  t.match(await gateway.json<Health>('/health'), {
    subscribers: clients.length,
    channels: {
      'rooms/:room': { channels: 205, states: { open: 2, idle: 203 }, subscribers: 3, maxLagBytes: 0 },
    },
  });
  interface Page {
    readonly total: number;
    readonly offset: number;
    readonly next: number | null;
    readonly channels: Record<string, { state: string; subscribers: number }>;
  }
  const names: string[] = [];
  let next: number | null = 0;
  for (let pages = 0; next !== null; pages += 1) {
    const page: Page = await gateway.json<Page>(`/health?details=rooms/:room&offset=${next}`);
    t.match(page, { total: 205, offset: pages * 100 });
    names.push(...Object.keys(page.channels));
    if (pages === 0) {
      t.match(page.channels['rooms/a'], { state: 'open', subscribers: 2 });
      t.match(page.channels['rooms/b%20c'], { state: 'open', subscribers: 1 });
    }
    next = page.next;
  }
  t.equal(new Set(names).size, 205);
  t.equal(names.length, 205);
  for (const offset of ['-5', '1.5', 'x', 'Infinity', '', '1e30']) {
    const page: Page = await gateway.json<Page>(`/health?details=rooms/:room&offset=${offset}`);
    t.match(page, { offset: 0, next: 100 }, `offset ${offset} counts as none`);
  }
  const past: Page = await gateway.json<Page>('/health?details=rooms/:room&offset=1000');
  t.match(past, { total: 205, channels: {}, next: null });
  for (const name of ['nothing', 'rooms/a', '', 'prices&details=rooms/:room']) {
    t.equal((await gateway.ask(`/health?details=${name}`)).status, 404, name);
  }
});

t.test('no secret of a URL or of a header is in any answer', async (t) => {
  const gateway = await serve(t, (origin) => {
    const secret = origin.replace('http://', 'http://user:hunter2@');
    return {
      channels: {
        prices: { url: `${secret}/p?token=hunter2`, headers: { authorization: 'Bearer hunter2' } },
        ended: {
          url: `${secret}/e?token=hunter2`,
          backoffBaseMs: 60_000,
          backoffMinMs: 60_000,
          backoffMaxMs: 60_000,
        },
        refused: { url: 'http://user:hunter2@127.0.0.1:9/?token=hunter2' },
        moved: { url: `${secret}/m?token=hunter2` },
      },
    };
  });
  gateway.upstream.respond((request, response) => {
    if (request.url?.startsWith('/p')) response.writeHead(403).end('hunter2');
    else if (request.url?.startsWith('/m'))
      response.writeHead(302, { location: 'http://hunter2@else/?hunter2' }).end();
    else response.destroy();
    return true;
  });
  const answers = [await gateway.ask('/events/prices'), await gateway.ask('/events/moved')];
  const clients = [gateway.client({ path: '/events/ended' }), gateway.client({ path: '/events/refused' })];
  await Promise.all(clients.map((client) => client.opened()));
  await gateway.waitForState('backoff', 'ended');
  await gateway.waitForState('backoff', 'refused');
  answers.push(
    await gateway.ask('/health'),
    await gateway.ask('/health/ready'),
    await gateway.ask('/metrics'),
  );
  for (const name of ['prices', 'ended', 'refused', 'moved']) {
    const details = await gateway.ask(`/health?details=${name}`);
    t.match(details.text, 'lastError', 'there is an error to tell of');
    answers.push(details);
  }
  for (const { text } of answers) t.notMatch(text, /hunter2|Bearer|dXNlcjpodW50ZXIy/);
});

t.test('health answers though the loop of the gateway is busy with a thousand clients', async (t) => {
  const gateway = await serve(t);
  const clients = Array.from({ length: 1_000 }, () => gateway.client({ keep: 'last' }));
  await gateway.waitForSubscribers(1_000);
  await gateway.upstream.waitForConnections(1);
  gateway.upstream.start(500);
  t.equal((await gateway.ask('/health/live')).status, 200);
  t.match(await gateway.json<Health>('/health'), { subscribers: 1_000 });
  gateway.upstream.stop();
  for (const client of clients) client.destroy();
  await gateway.waitForSubscribers(0);
});

t.test(
  'the upstream that is asked is named by its origin, of a template too, and nothing else of its URL',
  async (t) => {
    const gateway = await serve(t, (origin) => ({
      channels: {
        'rooms/:room': {
          url: [`${origin}/down/:room`, `${origin.replace('//', '//me:secret@')}/up/:room?token=secret`],
        },
      },
    }));
    gateway.upstream.respond({ status: 503 }, 1);
    await gateway.live({ path: '/events/rooms/lobby' });
    t.same(
      gateway.upstream.requests.map(({ url }) => url),
      ['/down/lobby', '/up/lobby?token=secret'],
    );
    const { text } = await gateway.ask('/health?details=rooms/:room');
    t.match(JSON.parse(text), {
      channels: { 'rooms/lobby': { origin: `http://127.0.0.1:${gateway.upstream.port}` } },
    });
    t.notMatch(text, 'secret');
  },
);
