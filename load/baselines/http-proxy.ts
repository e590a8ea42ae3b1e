/** @fastify/http-proxy: no fan-out at all, one upstream connection per client. */
import httpProxy from '@fastify/http-proxy';
import { fastify } from 'fastify';
import { type ServerArguments, serving, startArguments } from '../processes/answering.js';

const { upstream } = startArguments<ServerArguments>();
const MANY = 20_000;

const app = fastify();
await app.register(httpProxy, {
  upstream: new URL(upstream).origin,
  // As many connections as clients, without a limit on how long a stream may be silent.
  undici: { connections: MANY, pipelining: 1, bodyTimeout: 0, headersTimeout: 0 },
});
await app.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
serving((app.server.address() as { port: number }).port, new URL(upstream).pathname);
