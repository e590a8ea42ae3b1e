/** The floor: `node:net` alone. One canned head, and one `socket.write` of the same Buffer per client and upstream read. */
import type { Buffer } from 'node:buffer';
import { createServer, type Socket } from 'node:net';
import { type ServerArguments, serving, startArguments } from '../processes/answering.js';
import { readUpstream } from './plain-upstream.js';

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n:\n\n';

const { upstream } = startArguments<ServerArguments>();
const clients = new Set<Socket>();

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => undefined).on('close', () => clients.delete(socket));
  socket.once('data', () => {
    socket.write(HEAD);
    clients.add(socket);
  });
});

readUpstream(upstream, (events: Buffer) => {
  for (const socket of clients) socket.write(events);
});
server.listen(0, '127.0.0.1', 4_096, () => serving((server.address() as { port: number }).port, '/'));
