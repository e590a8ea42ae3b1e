import fastify from 'fastify';
import { Registry } from 'prom-client';
import t from 'tap';
import { type SseGatewayOptions, splitOptions } from '../../plugins/options.js';
import sseGateway from '../../plugins/plugin.js';

const channels = { news: {} };

const INVALID: Record<string, readonly [given: unknown, path: string]> = {
  'events of a wrong type': [{ events: true }, 'events'],
  'events null': [{ events: null }, 'events'],
  'events a string': [{ events: '/events' }, 'events'],
  'an unknown name in events': [{ events: { paht: '/x' } }, 'events.paht'],
  'a path that is no string': [{ events: { path: 5 } }, 'events.path'],
  'a path without a slash': [{ events: { path: 'events' } }, 'events.path'],
  'the root as path': [{ events: { path: '/' } }, 'events.path'],
  'a slash at the end': [{ events: { path: '/events/' } }, 'events.path'],
  'a parameter in a path': [{ health: { path: '/:id' } }, 'health.path'],
  'a wildcard in a path': [{ health: { path: '/*' } }, 'health.path'],
  'a percent in a path': [{ health: { path: '/%41' } }, 'health.path'],
  'an unknown name in health': [{ health: { details: true } }, 'health.details'],
  'metrics of a wrong type': [{ metrics: 1 }, 'metrics'],
  'an array': [{ metrics: [] }, 'metrics'],
  'an unknown name in metrics': [{ metrics: { register: new Registry() } }, 'metrics.register'],
  'a registry that is none': [{ metrics: { registry: {} } }, 'metrics.registry'],
  'defaultMetrics of a wrong type': [{ metrics: { defaultMetrics: 'yes' } }, 'metrics.defaultMetrics'],
  'detachStreams that is no boolean': [{ detachStreams: 'yes' }, 'detachStreams'],
  'a bearer that is no token': [{ health: { bearer: 'two words' } }, 'health.bearer'],
  'an empty bearer': [{ metrics: { bearer: '' } }, 'metrics.bearer'],
  'a bearer in front of streams': [{ events: { bearer: 'a' } }, 'events.bearer'],
  'origins of a wrong type': [{ allowedOrigins: 'https://a' }, 'allowedOrigins'],
  'an origin with a path': [{ allowedOrigins: ['https://a/'] }, 'allowedOrigins'],
  'an origin that no browser writes so': [{ allowedOrigins: ['https://A:443'] }, 'allowedOrigins'],
  'an origin without a scheme': [{ allowedOrigins: ['a.example'] }, 'allowedOrigins'],
  'any origin': [{ allowedOrigins: ['*'] }, 'allowedOrigins'],
  'expiresAt that is no function': [{ expiresAt: 5 }, 'expiresAt'],
  'reauthorize that is no function': [{ reauthorize: true }, 'reauthorize'],
  'reauthMs without a unit in mind': [{ reauthorize: () => true, reauthMs: '60s' }, 'reauthMs'],
  'reauthMs of nothing': [{ reauthorize: () => true, reauthMs: 0 }, 'reauthMs'],
  'reauthMs and nobody to ask': [{ reauthMs: 5 }, 'reauthMs'],
  'reauthTimeoutMs and nobody to ask': [{ reauthTimeoutMs: 5 }, 'reauthTimeoutMs'],
  'onStream that is no function': [{ onStream: 'log' }, 'onStream'],
  'an option that is not known': [{ chanels: {} }, 'chanels'],
  'no channels': [{ channels: {} }, 'channels'],
  'channels of a wrong type': [{ channels: 'news' }, 'channels'],
  'an unknown option of a channel': [{ channels: { news: { uri: 'http://a/' } } }, 'channels.news.uri'],
  'a URL that is none': [{ channels: { news: { url: 'a/b' } } }, 'channels.news.url'],
  'a wrong scheme': [{ channels: { news: { url: 'ftp://a/' } } }, 'channels.news.url'],
  'a unit forgotten': [{ drain: 5 }, 'drain'],
  'a time below zero': [{ drainMs: -1 }, 'drainMs'],
  'a time that is no number': [{ drainMs: '5s' }, 'drainMs'],
  'a time that no timer takes': [{ drainMs: 2 ** 31 }, 'drainMs'],
  'a name with a quote': [{ name: 'a"b' }, 'name'],
};

t.test(
  'each wrong option is one error with a code that names its path, and leaves nothing running',
  async (t) => {
    for (const [what, [given, path]] of Object.entries(INVALID)) {
      const app = fastify();
      const before = process.getActiveResourcesInfo().length;
      await t.rejects(
        async () => app.register(sseGateway, { channels, ...(given as object) } as SseGatewayOptions),
        {
          code: 'SSE_GATEWAY_OPTION_INVALID',
          message: new RegExp(`option ${path.replaceAll('.', '\\.')}: `),
        },
        what,
      );
      t.notOk(app.hasDecorator('sseGateway'), what);
      t.equal(process.getActiveResourcesInfo().length, before, 'no timer, no socket');
      await app.close();
    }
  },
);

t.test(
  'a registration that fails at a taken path leaves no timer, and the registry to the next',
  async (t) => {
    const registry = new Registry();
    const first = fastify();
    first.get('/metrics', async () => 'mine');
    const before = process.getActiveResourcesInfo().length;
    const options = { channels, metrics: { registry } };
    await t.rejects(async () => first.register(sseGateway, options), { code: 'SSE_GATEWAY_ROUTE_TAKEN' });
    t.equal(process.getActiveResourcesInfo().length, before);
    const second = fastify();
    t.teardown(() => Promise.all([first.close(), second.close()]));
    await second.register(sseGateway, options);
    t.match(await registry.metrics(), 'sse_gateway_subscribers{gateway="default",channel="news"} 0');
  },
);

t.test('without options of its own the plugin has all three faces at their paths', (t) => {
  t.match(splitOptions({ channels }), {
    gateway: { channels },
    events: { path: '/events' },
    health: { path: '/health' },
    metrics: { path: '/metrics' },
    detachStreams: false,
    onStream: undefined,
  });
  t.strictSame(splitOptions({ channels, prefix: '/x' } as SseGatewayOptions).gateway, { channels });
  t.match(splitOptions({ channels, events: false, health: false, metrics: false }), {
    events: false,
    health: false,
    metrics: false,
  });
  t.end();
});

t.test('an error about a secret does not repeat it', async (t) => {
  const secret = 's3cret';
  const wrong: object[] = [
    { headers: { authorization: `Bearer ${secret}\n` } },
    { headers: { host: secret } },
    { url: `ftp://user:${secret}@a/?token=${secret}` },
    { url: `http://user:${secret}@a:x/` },
    { url: 'http://a/', tls: { key: [secret] } },
    { url: `http://user:${secret}@a/`, forwardHeaders: ['authorization'] },
  ];
  for (const channel of wrong) {
    const app = fastify();
    t.teardown(() => app.close());
    const failed = app.register(sseGateway, { channels: { news: channel } } as SseGatewayOptions);
    const error = await Promise.resolve(failed).then(
      () => undefined,
      (error: Error) => error,
    );
    t.match(error, { code: 'SSE_GATEWAY_OPTION_INVALID' });
    t.notMatch(String(error), secret, JSON.stringify(channel));
  }
});
