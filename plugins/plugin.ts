/**
 * The Fastify plugin: options to a gateway, its decorator, its life cycle and its routes. Thin: it refuses to know how
 * anything works. Decorator and hooks reach the scope that registers it; the routes are encapsulated and obey `prefix`.
 */
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import {
  carryConnections,
  Gateway,
  GatewayError,
  type GatewayStats,
  type LocalEvent,
  type Parameters,
  spareStreams,
} from '../src/index.js';
import { type ClientStream, disconnect, type OpenStream, type StreamContext } from './client-stream.js';
import { eventsRoutes } from './events.js';
import { rechecksOf } from './expiry.js';
import { healthRoutes } from './health.js';
import { metricsRoutes } from './metrics.js';
import { type SseGatewayOptions, splitOptions } from './options.js';
import { openStream } from './stream.js';

export {
  type ChannelOptions,
  CLOSE_REASONS,
  type CloseReason,
  type ErrorCode,
  type Gap,
  type GapReason,
  GatewayError,
  type GatewayStats,
  type LocalEvent,
} from '../src/index.js';
export type { Verdict } from './access-options.js';
export type { OpenStream } from './client-stream.js';
export type { SseGatewayOptions, StreamInfo } from './options.js';

/** `app.sseGateway`. */
export interface SseGateway {
  /**
   * Answers a request of an own route with a channel's stream: the way to put a channel behind other paths or checks.
   * @throws GatewayError as the events routes answer them (404, 406, 400, 502 …)
   */
  subscribe(
    request: FastifyRequest,
    reply: FastifyReply,
    channel: string,
    parameters?: Parameters,
  ): Promise<void>;
  /**
   * Commits a local event to the channel at a path such as `prices` or `rooms/lobby`.
   * @throws GatewayError `SSE_GATEWAY_CHANNEL_UNKNOWN`, `SSE_GATEWAY_EVENT_INVALID`
   */
  publish(channel: string, event: LocalEvent): void;
  /** Lets every client go, spread over `drainMs`; what `app.close()` does too. Idempotent. */
  drain(): Promise<void>;
  /**
   * Ends the streams that the filter chooses, with whole events, those that are about to begin too; returns how many. Their clients may come back: a
   * client that must not has to be refused by a hook. A filter that throws ends nobody, and the caller gets its error.
   */
  disconnect(filter: (stream: OpenStream) => boolean): number;
  /** A snapshot of channels, subscribers and memory. */
  stats(): GatewayStats;
}

declare module 'fastify' {
  interface FastifyInstance {
    sseGateway: SseGateway;
  }
  interface FastifyContextConfig {
    /** Set on routes whose responses are streams, so that duration metrics can leave them out. */
    sseGateway?: { readonly stream: true; readonly channel: string };
  }
}

const plugin: FastifyPluginAsync<SseGatewayOptions> = async (app, input) => {
  if (Object.hasOwn(app, 'sseGateway')) {
    throw new GatewayError(
      'ALREADY_REGISTERED',
      'this scope has a gateway already; register the second one in a scope of its own',
    );
  }
  const { prefix } = input as { prefix?: string };
  const { gateway: gatewayOptions, access, ...own } = splitOptions(input);
  const { events, health, metrics, detachStreams, onStream } = own;
  const gateway = new Gateway(gatewayOptions, { logger: app.log });
  const { allowedOrigins, expiresAt } = access;
  const rechecks = rechecksOf(access, gateway.random);
  const open = new Set<ClientStream>();
  const streams: StreamContext = {
    ...{ gateway, onStream, detachStreams, allowedOrigins, expiresAt, rechecks, open },
  };

  if (detachStreams && !carryConnections(app.server)) {
    app.log.warn('sse-gateway: detachStreams has no effect: not a server whose connections can be left');
  }

  spareStreams(app.server);

  app.decorate('sseGateway', {
    subscribe: async (request, reply, channel, parameters = {}) =>
      openStream(streams, request, reply, channel, parameters),
    publish: (channel, event) => gateway.publish(channel, event),
    drain: () => gateway.drain(),
    disconnect: (filter) => disconnect(streams.open, filter),
    stats: () => gateway.stats(),
  } satisfies SseGateway);

  app.addHook('onReady', async () => gateway.start());
  // Open streams would keep the server's close waiting for ever, so they end before it begins: politely, and those that
  // can't (a client that reads nothing, one that joined meanwhile) at once.
  app.addHook('preClose', async () => {
    await gateway.drain();
    await gateway.close();
  });
  app.addHook('onClose', () => gateway.close());

  await app.register(
    async (scope: FastifyInstance) => {
      if (events !== false) eventsRoutes(scope, { ...events, ...streams });
      if (health !== false) healthRoutes(scope, { ...health, gateway });
      if (metrics !== false) metricsRoutes(scope, { ...metrics, gateway });
    },
    prefix === undefined ? {} : { prefix },
  );
};

export default fp(plugin, { name: 'fastify-sse-gateway', fastify: '5.x' });
