/** The gateway as it is installed: production defaults, the logger off. Options of a variant come with the arguments. */
import { fastify } from 'fastify';
import sseGateway, { type SseGatewayOptions } from '../../plugins/plugin.js';
import { type ServerArguments, serving, startArguments } from '../processes/answering.js';

const { upstream, gateway = {} } = startArguments<
  ServerArguments & { gateway?: Partial<SseGatewayOptions> }
>();

const app = fastify();
await app.register(sseGateway, {
  ...gateway,
  channels: { load: { url: upstream } },
});
await app.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
serving((app.server.address() as { port: number }).port, '/events/load');
