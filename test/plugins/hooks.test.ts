import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import jwt from '@fastify/jwt';
import rateLimit from '@fastify/rate-limit';
import t from 'tap';
import { serve } from './serve.js';
import { staying } from './staying.js';

t.test("the host's auth answers before a stream begins and before anything goes upstream", async (t) => {
  const gateway = await serve(
    t,
    {},
    {
      before: (app) =>
        app.addHook('onRequest', async (request, reply) => {
          if (request.headers.authorization !== 'let me in') {
            await reply.code(401).header('www-authenticate', 'Magic').send({ error: 'who are you' });
          }
        }),
    },
  );
  const refused = await gateway.ask('/events/prices');
  t.equal(refused.status, 401);
  t.equal(refused.headers.get('www-authenticate'), 'Magic');
  t.equal(gateway.upstream.socketsTotal, 0);
  t.strictSame(gateway.app.sseGateway.stats().channels, {});
  t.equal((await gateway.live({ headers: { authorization: 'let me in' } })).status, 200);
});

t.test('each hook before the handler runs, and what it sets is in the head of the stream', async (t) => {
  const gateway = await serve(
    t,
    {},
    {
      before: (app) => {
        for (const hook of ['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const) {
          const set = async (_request: unknown, reply: { header(name: string, value: string): unknown }) => {
            reply.header(`x-${hook.toLowerCase()}`, 'ran');
          };
          app.addHook(hook as 'onRequest', set);
        }
        app.addHook('onRequest', async (_request, reply) => {
          reply.header('set-cookie', ['a=1', 'b=2']).raw.setHeader('x-raw', 'ran');
          // What would break a stream, or its type, does not get through.
          reply.headers({ 'content-length': '5', 'content-encoding': 'gzip', 'content-type': 'text/plain' });
          reply.header('cache-control', 'max-age=60');
        });
      },
    },
  );
  const { headers } = await gateway.reader();
  for (const hook of ['onrequest', 'preparsing', 'prevalidation', 'prehandler', 'raw']) {
    t.equal(headers[`x-${hook}`], 'ran', hook);
  }
  t.equal(headers['set-cookie'], 'a=1, b=2');
  t.equal(headers['content-type'], 'text/event-stream; charset=utf-8');
  t.equal(headers['cache-control'], 'no-cache, no-store, no-transform');
  t.equal(headers['transfer-encoding'], 'chunked');
  t.notOk('content-length' in headers || 'content-encoding' in headers);
});

t.test("the host's error handler shapes what is refused", async (t) => {
  const gateway = await serve(
    t,
    {},
    {
      before: (app) =>
        app.setErrorHandler((error: { code: string; statusCode: number }, _request, reply) =>
          reply.code(error.statusCode).send({ problem: error.code }),
        ),
    },
  );
  gateway.upstream.respond({ status: 404 });
  t.match(await gateway.ask('/events/prices'), {
    status: 502,
    text: '{"problem":"SSE_GATEWAY_UPSTREAM_FAILED"}',
  });
  t.match(await gateway.ask('/events/no'), {
    status: 404,
    text: '{"problem":"SSE_GATEWAY_CHANNEL_UNKNOWN"}',
  });
  const post = await gateway.ask('/events/prices', { method: 'POST' });
  t.match(post, { status: 405, text: '{"problem":"SSE_GATEWAY_METHOD_NOT_ALLOWED"}' });
});

t.test('@fastify/cors answers the preflight and marks the stream', async (t) => {
  const gateway = await serve(
    t,
    {},
    {
      before: (app) => app.register(cors, { origin: 'https://app.example', credentials: true }),
    },
  );
  const origin = 'https://app.example';
  const preflight = await gateway.ask('/events/prices', {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'last-event-id',
    },
  });
  t.equal(preflight.status, 204);
  t.equal(preflight.headers.get('access-control-allow-origin'), origin);
  t.equal(preflight.headers.get('access-control-allow-headers'), 'last-event-id');
  t.equal(preflight.headers.get('access-control-allow-credentials'), 'true');
  t.equal(gateway.upstream.socketsTotal, 0);
  const client = await gateway.reader({ headers: { origin } });
  t.equal(client.headers['access-control-allow-origin'], origin);
  t.equal(client.headers['access-control-allow-credentials'], 'true');
  const refused = await gateway.ask('/events/nothing', { headers: { origin } });
  t.equal(refused.headers.get('access-control-allow-origin'), origin, 'a page can read why it was refused');
});

t.test('@fastify/helmet marks the stream', async (t) => {
  const gateway = await serve(t, {}, { before: (app) => app.register(helmet) });
  const { headers } = await gateway.reader();
  t.equal(headers['x-content-type-options'], 'nosniff');
  t.match(headers['content-security-policy'], "default-src 'self'");
});

t.test('@fastify/rate-limit counts streams, and says so in their heads', async (t) => {
  const gateway = await serve(
    t,
    {},
    {
      before: (app) => app.register(rateLimit, { max: 2, timeWindow: 60_000 }),
    },
  );
  for (const remaining of ['1', '0']) {
    const { headers } = await gateway.reader();
    t.equal(headers['x-ratelimit-limit'], '2');
    t.equal(headers['x-ratelimit-remaining'], remaining);
  }
  const refused = await gateway.ask('/events/prices');
  t.equal(refused.status, 429);
  t.ok(Number(refused.headers.get('retry-after')) > 0);
  t.equal(gateway.subscribers, 2, 'those who are in stay');
});

t.test('@fastify/jwt lets in who has a token, and own routes know who it is', async (t) => {
  const gateway = await serve(
    t,
    {},
    {
      before: async (app) => {
        await app.register(jwt, { secret: 'a secret of this test' });
        app.addHook('onRequest', (request) => request.jwtVerify());
      },
      after: (app) => {
        app.get('/mine', async (request, reply) => {
          const { room } = request.user as { room: string };
          await app.sseGateway.subscribe(request, reply, 'rooms/:room', { room });
          return reply;
        });
      },
    },
  );
  t.equal((await gateway.ask('/events/prices')).status, 401);
  t.equal(gateway.upstream.socketsTotal, 0);
  const headers = { authorization: `Bearer ${gateway.app.jwt.sign({ room: 'attic' })}` };
  t.equal((await gateway.live({ headers })).status, 200);
  await gateway.reader({ headers, path: '/mine' });
  t.equal((await gateway.upstream.waitForRequests(2)).url, '/rooms/attic/events');
});

staying('onSend does not run for a stream, onResponse only for one that ended politely', async (t) => {
  const ran: string[] = [];
  const gateway = await serve(
    t,
    {},
    {
      before: (app) => {
        app.addHook('onSend', async (request) => void ran.push(`send ${request.url}`));
        app.addHook('onResponse', async (request) => void ran.push(`response ${request.url}`));
      },
    },
  );
  await gateway.ask('/events/nothing');
  const left = await gateway.live({ path: '/events/rooms/a' });
  left.destroy();
  await gateway.waitForSubscribers(0);
  const ended = await gateway.reader();
  await gateway.app.sseGateway.drain();
  await ended.waitForClose();
  await gateway.waitForSubscribers(0);
  t.strictSame(ran, ['send /events/nothing', 'response /events/nothing', 'response /events/prices']);
});
