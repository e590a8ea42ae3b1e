/**
 * The gateway that a team writes in an afternoon: one fetch, a parser from npm, and one `reply.raw.write` of a string per
 * client and event. It looks at no return value, remembers nothing, and reconnects to nobody.
 */
import { createParser } from 'eventsource-parser';
import { type FastifyReply, fastify } from 'fastify';
import { fetch } from 'undici';
import { type ServerArguments, serving, startArguments } from '../processes/answering.js';

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

async function relay(url: string): Promise<void> {
  const parser = createParser({
    onEvent({ id, event, data }) {
      let frame = '';
      if (id !== undefined) frame += `id: ${id}\n`;
      if (event !== undefined) frame += `event: ${event}\n`;
      for (const line of data.split('\n')) frame += `data: ${line}\n`;
      frame += '\n';
      for (const { raw } of clients) raw.write(frame);
    },
  });
  const response = await fetch(url, { headers: { accept: 'text/event-stream' } });
  const decoder = new TextDecoder();
  for await (const chunk of response.body!)
    parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
}

await app.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
if (upstream !== undefined) void relay(upstream);
serving((app.server.address() as { port: number }).port, '/stream');
