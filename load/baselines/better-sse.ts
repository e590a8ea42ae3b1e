/** better-sse as its documentation has it: a channel, and one `broadcast` per event. */
import { createServer } from 'node:http';
import { createChannel, createSession } from 'better-sse';
import { type ServerArguments, serving, startArguments } from '../processes/answering.js';
import { readWithFetch } from './fetch-upstream.js';

const { upstream } = startArguments<ServerArguments>();
const channel = createChannel();

const server = createServer(async (request, response) => {
  channel.register(await createSession(request, response, { serializer: String }));
});
server.listen(0, '127.0.0.1', 4_096, () => {
  void readWithFetch(upstream, ({ id, data }) => {
    channel.broadcast(data, 'message', id === undefined ? {} : { eventId: id });
  });
  serving((server.address() as { port: number }).port, '/stream');
});
