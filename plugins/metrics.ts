/**
 * `/metrics`: what the core counts, as prom-client series on the caller's registry or our own. The core counts, this
 * reads: series are filled when they are scraped, so that a delivery costs no metric.
 */
import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { type Gateway, GatewayError } from '../src/index.js';
import { bearerCheck, refuseBearer } from './bearer.js';
import { addRoute } from './route.js';
import { registerSeries } from './series.js';

export interface MetricsOptions {
  readonly path: string;
  readonly bearer?: string;
  readonly registry?: Registry;
  readonly defaultMetrics?: boolean;
  readonly gateway: Gateway;
}

/** The gateways of each registry: several may share one, told apart by the label `gateway`. */
const GATEWAYS = new WeakMap<Registry, Set<Gateway>>();

export function metricsRoutes(app: FastifyInstance, options: MetricsOptions): void {
  const { gateway } = options;
  const registry = options.registry ?? new Registry();
  if (options.defaultMetrics === true && options.registry === undefined)
    collectDefaultMetrics({ register: registry });
  const gateways = GATEWAYS.get(registry) ?? new Set<Gateway>();
  if ([...gateways].some((other) => other.options.name === gateway.options.name)) {
    throw new GatewayError(
      'OPTION_INVALID',
      `sse-gateway option name: a gateway named ${gateway.options.name} is on this registry already`,
    );
  }
  const trusted = bearerCheck(options.bearer);
  addRoute(app, 'metrics.path', {
    method: 'GET',
    url: options.path,
    logLevel: 'warn',
    handler: async (request, reply) => {
      if (!trusted(request)) return refuseBearer(reply);
      reply.header('cache-control', 'no-store').type(registry.contentType);
      return registry.metrics();
    },
  });
  // Behind the route, which may be refused: a registration that failed leaves nothing on the caller's registry.
  if (!GATEWAYS.has(registry)) {
    registerSeries(registry, gateways);
    GATEWAYS.set(registry, gateways);
  }
  gateways.add(gateway);
  app.addHook('onClose', async () => {
    gateways.delete(gateway);
  });
}
