/**
 * A host's app with the plugin in it: `node [--expose-gc] host-process.js <options as JSON>`. Beside the gateway it has a
 * route that blocks the event loop, hooks that throw when a request asks them to, and a route that tells what the process
 * holds.
 */
import { readdirSync } from 'node:fs';
import Fastify from 'fastify';
import type { SseGatewayOptions } from '../../../plugins/options.js';
import sseGateway from '../../../plugins/plugin.js';
import type { Vitals } from './vitals.js';

const app = Fastify();
const thrower = (where: string): Error => new Error(`the host's ${where} throws`);

app.addHook('onRequest', async ({ headers }) => {
  if (headers['x-throw'] === 'onRequest') throw thrower('onRequest');
});
app.addHook('preHandler', async ({ headers }) => {
  if (headers['x-throw'] === 'preHandler') throw thrower('preHandler');
});
await app.register(sseGateway, {
  ...(JSON.parse(process.argv[2]!) as SseGatewayOptions),
  onStream: ({ headers }) => {
    if (headers['x-throw'] === 'onStream') throw thrower('onStream');
    if (headers['x-throw'] === 'onStream, later') return Promise.reject(thrower('onStream'));
    return undefined;
  },
});

app.get<{ Querystring: { ms: string } }>('/block', async ({ query }) => {
  const until = performance.now() + Number(query.ms);
  while (performance.now() < until);
  return 'blocked\n';
});
app.get('/disconnect', async () =>
  app.sseGateway.disconnect(() => {
    throw thrower('filter');
  }),
);
app.get('/vitals', async (): Promise<Vitals> => {
  // Twice: what the first one finalises is free behind the second.
  for (let i = 0; i < 2; i += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  return {
    ...{ rss, heapUsed, external, resources },
    descriptors: readdirSync('/proc/self/fd').length,
    subscribers: app.sseGateway.stats().subscribers,
  };
});

console.log(`listening on ${await app.listen({ port: 0, host: '127.0.0.1' })}`);
