/** Registers a route; a path that the host already has becomes one clear error that names the option to change. */
import type { FastifyInstance, RouteOptions } from 'fastify';
import { GatewayError } from '../src/index.js';

/** @throws GatewayError `SSE_GATEWAY_ROUTE_TAKEN` */
export function addRoute(app: FastifyInstance, option: string, route: RouteOptions): void {
  try {
    app.route(route);
  } catch (cause) {
    if ((cause as { code?: string }).code !== 'FST_ERR_DUPLICATED_ROUTE') throw cause;
    const methods = [route.method].flat().join(', ');
    throw new GatewayError(
      'ROUTE_TAKEN',
      `sse-gateway option ${option}: the app has a route for ${methods} ${app.prefix}${route.url} already`,
      { cause },
    );
  }
}
