import fastify from 'fastify';
import t from 'tap';
import sseGateway from '../../plugins/plugin.js';
import { serve, standardChannels } from './serve.js';

const local = { channels: { news: {} }, pool: 'poison', drainMs: 0 } as const;

t.test('a scope has one gateway; the second is one clear error', async (t) => {
  const app = fastify();
  t.teardown(() => app.close());
  await app.register(sseGateway, local);
  t.strictSame(Object.keys(app.sseGateway).sort(), ['disconnect', 'drain', 'publish', 'stats', 'subscribe']);
  await t.rejects(async () => app.register(sseGateway, { ...local, name: 'second' }), {
    code: 'SSE_GATEWAY_ALREADY_REGISTERED',
  });
});

t.test('two scopes have a gateway each, under their own prefixes, told apart by name', async (t) => {
  const gateway = await serve(
    t,
    { metrics: false },
    {
      before: async (app) => {
        for (const name of ['east', 'west']) {
          await app.register(
            async (scope) => {
              await scope.register(sseGateway, { ...local, name });
              scope.post('/say', async (request) =>
                scope.sseGateway.publish('news', { data: String(request.body) }),
              );
            },
            { prefix: `/${name}` },
          );
        }
      },
    },
  );
  const east = await gateway.reader({ path: '/east/events/news' });
  const west = await gateway.reader({ path: '/west/events/news' });
  const say = { method: 'POST', headers: { 'content-type': 'text/plain' } };
  await gateway.ask('/east/say', { ...say, body: 'good morning' });
  await gateway.ask('/west/say', { ...say, body: 'good evening' });
  await Promise.all([east.waitFor(1), west.waitFor(1)]);
  t.strictSame([east.data, west.data], [['good morning'], ['good evening']]);
  t.match(
    (await gateway.ask('/east/metrics')).text,
    'sse_gateway_subscribers{gateway="east",channel="news"} 1',
  );
  t.match(
    (await gateway.ask('/west/metrics')).text,
    'sse_gateway_subscribers{gateway="west",channel="news"} 1',
  );
  t.match(await gateway.json('/east/health'), { name: 'east', subscribers: 1 });
  t.match(await gateway.json('/health'), { name: 'default', subscribers: 0 });
});

t.test('the prefix given to register goes before every route, own paths too', async (t) => {
  const app = fastify();
  t.teardown(() => app.close());
  await app.register(sseGateway, {
    ...local,
    prefix: '/api',
    events: { path: '/live' },
    health: { path: '/h' },
  });
  const status = async (url: string) =>
    (await app.inject({ url, headers: { accept: 'text/html' } })).statusCode;
  t.equal(await status('/api/live/news'), 406);
  t.equal(await status('/api/h/ready'), 200);
  t.equal(await status('/api/metrics'), 200);
  for (const url of ['/live/news', '/api/events/news', '/api/health', '/health', '/metrics']) {
    t.equal(await status(url), 404, url);
  }
});

t.test('faces that are switched off are not there', async (t) => {
  const app = fastify();
  t.teardown(() => app.close());
  await app.register(sseGateway, { ...local, events: false, health: false, metrics: false });
  t.equal(app.printRoutes({ includeHooks: false }), '(empty tree)');
});

t.test('a path that the host has already is an error that names the option to change', async (t) => {
  const taken = {
    'events.path': '/events/news',
    'health.path': '/health/ready',
    'metrics.path': '/metrics',
  };
  for (const [option, url] of Object.entries(taken)) {
    const app = fastify();
    app.get(url, async () => 'mine');
    await t.rejects(async () => app.register(sseGateway, local), {
      code: 'SSE_GATEWAY_ROUTE_TAKEN',
      message: new RegExp(`option ${option}: .* GET ${url} `),
    });
    await app.close();
  }
});

t.test("the gateway's own hooks and decorators stay inside, the host's reach its routes", async (t) => {
  const seen: string[] = [];
  const gateway = await serve(
    t,
    {},
    {
      before: (app) => {
        app.addHook('onRequest', async (request) => void seen.push(`before ${request.url}`));
        app.register(async (scope) => {
          scope.addHook('onRequest', async () => void seen.push('of another scope'));
          scope.get('/elsewhere', async () => 'x');
        });
      },
      after: (app) => {
        app.addHook('preHandler', async (request) => void seen.push(`behind ${request.url}`));
        app.get('/host', async () => 'host');
      },
    },
  );
  t.equal((await gateway.ask('/host')).headers.get('cache-control'), null);
  await gateway.reader();
  t.strictSame(seen, ['before /host', 'behind /host', 'before /events/prices', 'behind /events/prices']);
});

t.test('an own route answers with a stream, with parameters of its own choice', async (t) => {
  const gateway = await serve(
    t,
    { events: false },
    {
      after: (app) => {
        app.get<{ Params: { user: string } }>('/mine/:user', async (request, reply) => {
          await app.sseGateway.subscribe(request, reply, 'rooms/:room', {
            room: `of ${request.params.user}`,
          });
          return reply;
        });
        app.get('/void', async (request, reply) => app.sseGateway.subscribe(request, reply, 'prices'));
        app.get('/wrong', (request, reply) => app.sseGateway.subscribe(request, reply, 'nothing'));
        app.get('/missing', (request, reply) => app.sseGateway.subscribe(request, reply, 'rooms/:room'));
      },
    },
  );
  t.equal((await gateway.ask('/events/prices')).status, 404);
  const client = await gateway.live({ path: '/mine/ann' });
  t.equal(gateway.upstream.requests[0]?.url, '/rooms/of%20ann/events');
  gateway.upstream.publishNumbered(1);
  await client.waitFor(1);
  t.equal((await gateway.reader({ path: '/void' })).status, 200);
  t.equal((await gateway.ask('/wrong')).status, 404);
  t.equal((await gateway.ask('/missing')).status, 400);
});

t.test('the HEAD route that Fastify makes of an own route has no body and opens nothing', async (t) => {
  const gateway = await serve(
    t,
    {},
    {
      after: (app) => {
        app.get('/mine', async (request, reply) => {
          await app.sseGateway.subscribe(request, reply, 'prices');
          return reply;
        });
      },
    },
  );
  const raw = gateway.raw('HEAD /mine HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  t.match(await raw.waitForClose(), /^HTTP\/1\.1 200 OK\r\n(?:[^\r]+\r\n)+\r\n$/);
  t.match(raw.text, 'text/event-stream');
  t.equal(gateway.upstream.socketsTotal, 0);
});

t.test('publish reaches a channel without upstream, one with it, and one of a template', async (t) => {
  const gateway = await serve(t, (origin) => ({ channels: { ...standardChannels(origin), news: {} } }));
  const { sseGateway } = gateway.app;
  const readers = {
    news: await gateway.reader({ path: '/events/news' }),
    prices: await gateway.reader(),
    'rooms/caf\u00e9 1': await gateway.reader({ path: '/events/rooms/caf%C3%A9%201' }),
  };
  for (const [path, client] of Object.entries(readers)) {
    sseGateway.publish(path, { id: 'own', event: 'note', data: `for\r\n${path}` });
    await client.waitFor(1);
    t.match(client.events, [{ id: 'own', type: 'note', data: `for\n${path}` }]);
  }
  sseGateway.publish('news', { data: 'x' });
  await readers.news.waitFor(2);
  t.match(readers.news.events.at(-1)?.id, /^2-[0-9a-z]+$/, 'without an id it gets a minted one');
  for (const path of ['nothing', 'rooms', 'rooms/', 'rooms/..', 'rooms/a/b', '/news', '']) {
    t.throws(() => sseGateway.publish(path, { data: 'x' }), { code: 'SSE_GATEWAY_CHANNEL_UNKNOWN' }, path);
  }
  for (const event of [
    { id: 'a\nb', data: '' },
    { event: 'a\rb', data: '' },
    { id: '\0', data: '' },
  ]) {
    t.throws(() => sseGateway.publish('news', event), { code: 'SSE_GATEWAY_EVENT_INVALID' });
  }
  t.equal(gateway.app.sseGateway.stats().channels['news']?.log.events, 2, 'what is refused leaves no trace');
});

t.test(
  'publish and the routes agree on what a path means, in whatever order channels are configured',
  async (t) => {
    const overlapping = ['rooms/:room', ':kind/lobby', 'rooms/lobby'];
    for (const names of [overlapping, overlapping.toReversed()]) {
      const gateway = await serve(t, { channels: Object.fromEntries(names.map((name) => [name, {}])) });
      for (const path of ['rooms/lobby', 'rooms/attic', 'cellar/lobby']) {
        const client = await gateway.reader({ path: `/events/${path}` });
        gateway.app.sseGateway.publish(path, { id: path, data: 'x' });
        await client.waitFor(1, `an event for ${path} of ${names}`, 1_000);
      }
    }
  },
);

t.test('the route of a stream is marked, so that duration metrics can leave it out', async (t) => {
  const marks: unknown[] = [];
  const gateway = await serve(
    t,
    {},
    {
      before: (app) =>
        app.addHook('onRequest', async (r) => void marks.push(r.routeOptions.config.sseGateway)),
    },
  );
  await gateway.reader();
  await gateway.reader({ path: '/events/rooms/a' });
  await gateway.ask('/health');
  t.strictSame(marks, [
    { stream: true, channel: 'prices' },
    { stream: true, channel: 'rooms/:room' },
    undefined,
  ]);
});
