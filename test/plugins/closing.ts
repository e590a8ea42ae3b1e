/**
 * A process that serves a channel that is always open to clients of its own, closes, and has nothing left to live for.
 * Run by close.test.ts; it never calls `process.exit`.
 */
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import sseGateway from '../../plugins/plugin.js';
import { ScriptedUpstream } from '../helpers/scripted-upstream.js';
import { SseClient } from '../helpers/sse-client.js';

const upstream = await ScriptedUpstream.listen();
const app = fastify();
await app.register(sseGateway, {
  channels: {
    prices: { url: upstream.url, always: true },
    down: { url: 'http://127.0.0.1:9/', always: true },
  },
  pool: 'poison',
  drainMs: 100,
});
await app.listen({ port: 0, host: '127.0.0.1' });
await upstream.waitForConnections(1);
const { port } = app.server.address() as AddressInfo;
const clients = Array.from({ length: 20 }, () => new SseClient({ port, path: '/events/prices' }));
await Promise.all(clients.map((client) => client.opened()));
upstream.publishNumbered(3);
await Promise.all(clients.map((client) => client.waitFor(3)));
await app.close();
await upstream.close();
console.log('closed');
