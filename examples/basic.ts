/**
 * The least there is to it: one channel before an upstream, one that the app feeds itself, a route that feeds it.
 *
 *     npm run build:test && node build/examples/basic.js http://127.0.0.1:9000/stream
 *     curl -N http://127.0.0.1:3000/events/prices
 *     curl -N http://127.0.0.1:3000/events/notices
 *     curl -d 'we are open' -H 'content-type: text/plain' http://127.0.0.1:3000/notices
 */
import { fileURLToPath } from 'node:url';
import Fastify, { type FastifyInstance } from 'fastify';
// In an app of yours: from 'fastify-sse-gateway'.
import sseGateway from '../plugins/plugin.js';

/** The app, not listening yet. */
export async function buildApp(upstream: string, { logger = false } = {}): Promise<FastifyInstance> {
  const app = Fastify({ logger });
  await app.register(sseGateway, {
    channels: {
      prices: { url: upstream },
      notices: {},
    },
  });
  app.post<{ Body: string }>('/notices', async (request, reply) => {
    app.sseGateway.publish('notices', { event: 'notice', data: request.body });
    return reply.code(202).send();
  });
  return app;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const upstream = process.argv[2];
  if (upstream === undefined) throw new Error('usage: basic.js <URL of an event stream>');
  const app = await buildApp(upstream, { logger: true });
  // Clients are let go before the server stops: spread over drainMs, each told when to come back.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void app.close());
  await app.listen({ port: Number(process.env['PORT'] ?? 3000) });
}
