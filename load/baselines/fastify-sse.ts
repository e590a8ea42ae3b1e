/** @fastify/sse as its documentation has it: one `reply.sse.send` per client and event. */
import { fastifySSE, type SSEReplyInterface } from '@fastify/sse';
import { fastify } from 'fastify';
import { type ServerArguments, serving, startArguments } from '../processes/answering.js';
import { readWithFetch } from './fetch-upstream.js';

const { upstream } = startArguments<ServerArguments>();
const clients = new Set<SSEReplyInterface>();

const app = fastify();
await app.register(fastifySSE, { serializer: (data: unknown) => String(data) });
app.get('/stream', { sse: 'only' }, async (_request, { sse }) => {
  sse.keepAlive();
  sse.onClose(() => clients.delete(sse));
  // The head goes out with the first bytes.
  await sse.send({ data: undefined, retry: 2_000 });
  clients.add(sse);
});

await app.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
void readWithFetch(upstream, ({ id, data }) => {
  const message = { data, ...(id === undefined ? {} : { id }) };
  for (const sse of clients) void sse.send(message).catch(() => clients.delete(sse));
});
serving((app.server.address() as { port: number }).port, '/stream');
