/**
 * The gateway that a team writes in an afternoon: one fetch, a parser from npm, and one `reply.raw.write` of a string per
 * client and event. It looks at no return value, remembers nothing, and reconnects to nobody.
 */
import { type FastifyReply, fastify } from 'fastify';
import { type ServerArguments, serving, startArguments } from '../processes/answering.js';
import { readWithFetch } from './fetch-upstream.js';

const { upstream } = startArguments<ServerArguments>();
const clients = new Set<FastifyReply>();

const app = fastify();
app.get('/stream', (request, reply) => {
  reply.hijack();
  reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  reply.raw.write(':\n\n');
  clients.add(reply);
  request.raw.on('close', () => clients.delete(reply));
});

await app.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
void readWithFetch(upstream, ({ id, event, data }) => {
  let frame = '';
  if (id !== undefined) frame += `id: ${id}\n`;
  if (event !== undefined) frame += `event: ${event}\n`;
  for (const line of data.split('\n')) frame += `data: ${line}\n`;
  frame += '\n';
  for (const { raw } of clients) raw.write(frame);
});
serving((app.server.address() as { port: number }).port, '/stream');
