/**
 * The gateway as a user runs it: a Fastify app with the plugin on a real port. It refuses to be configured beyond what
 * a test hands in, except that nothing here waits: the backoff is short.
 */
import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Test } from 'tap';
import type { SseGatewayOptions } from '../../plugins/options.js';
import sseGateway from '../../plugins/plugin.js';
import type { ChannelDefaults, GatewayStats } from '../../src/index.js';

/** Reconnects within a few ms, to either side. */
export const BRISK: ChannelDefaults = {
  backoffBaseMs: 10,
  backoffMinMs: 5,
  backoffMaxMs: 40,
  retryMinMs: 10,
  retryMaxMs: 50,
};

export interface RunningGateway {
  readonly port: number;
  stats(): GatewayStats;
}

export interface ListenOptions {
  /** HTTP/2 without TLS and nothing else. Default false. */
  readonly http2?: boolean;
  /** Other plugins and routes of the app, registered before the gateway so that their hooks apply to it. */
  readonly setup?: (app: FastifyInstance) => Promise<void>;
}

/** Listens on a free port of 127.0.0.1; closed with the test. */
export async function listenGateway(
  t: Test,
  options: SseGatewayOptions,
  { http2 = false, setup }: ListenOptions = {},
): Promise<RunningGateway> {
  // The types of an HTTP/2 app differ in the raw request only, which nobody here touches.
  const app = (http2 ? Fastify({ http2: true }) : Fastify()) as unknown as FastifyInstance;
  t.teardown(() => app.close());
  await setup?.(app);
  // Tests end without a drain: nobody is left who would come back.
  await app.register(sseGateway, { drainMs: 0, ...options, defaults: { ...BRISK, ...options.defaults } });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  return { port, stats: () => app.sseGateway.stats() };
}
