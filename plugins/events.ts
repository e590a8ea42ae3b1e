/**
 * `GET <path>/<channel>`: one route per configured channel, so that hooks, parameters and route options are Fastify's
 * own. It owns the statuses of the path and refuses to touch a stream.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError, type Parameters } from '../src/index.js';
import type { StreamContext } from './client-stream.js';
import { assertAcceptable, STREAM_HEADERS } from './media-type.js';
import { assertOrigin } from './origins.js';
import { addRoute } from './route.js';
import { openStream } from './stream.js';

const ALLOW = 'GET, HEAD, OPTIONS';

export interface EventsOptions extends StreamContext {
  readonly path: string;
}

export function eventsRoutes(app: FastifyInstance, options: EventsOptions): void {
  const others = app.supportedMethods.filter((method) => !['GET', 'HEAD', 'OPTIONS'].includes(method));
  const notAllowed = async (_request: FastifyRequest, reply: FastifyReply): Promise<never> => {
    reply.header('allow', ALLOW);
    throw new GatewayError('METHOD_NOT_ALLOWED', `event streams are read with GET; allowed: ${ALLOW}`);
  };
  for (const channel of options.gateway.names) {
    const url = `${options.path}/${channel}`;
    const config = { sseGateway: { stream: true, channel } } as const;
    addRoute(app, 'events.path', {
      method: 'GET',
      url,
      config,
      exposeHeadRoute: false,
      // Not async: a promise is for what has to be waited for.
      handler: (request, reply) => {
        const begun = openStream(options, request, reply, channel, request.params as Parameters);
        return begun?.then(() => reply);
      },
    });
    addRoute(app, 'events.path', {
      method: 'HEAD',
      url,
      handler: async (request, reply) => {
        assertOrigin(options.allowedOrigins, request);
        assertAcceptable(request);
        return reply.headers(STREAM_HEADERS).send();
      },
    });
    addRoute(app, 'events.path', {
      method: 'OPTIONS',
      url,
      handler: async (_request, reply) => reply.code(204).header('allow', ALLOW).send(),
    });
    // Refused in onRequest: a body that nobody reads must not be parsed first.
    addRoute(app, 'events.path', { method: others, url, onRequest: notAllowed, handler: notAllowed });
  }
  addRoute(app, 'events.path', {
    method: 'GET',
    url: `${options.path}/*`,
    handler: async () => {
      throw new GatewayError('CHANNEL_UNKNOWN', 'there is no such channel');
    },
  });
}
