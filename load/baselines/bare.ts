/** A hijacked Fastify route that answers the head and holds the stream open: what any Fastify stream costs at least. */
import { fastify } from 'fastify';
import { serving } from '../processes/answering.js';

const app = fastify();
app.get('/stream', (_request, reply) => {
  reply.hijack();
  reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  reply.raw.write(':\n\n');
});
await app.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
serving((app.server.address() as { port: number }).port, '/stream');
