/**
 * `/health` for people and dashboards, `/health/live` for whoever restarts the process, `/health/ready` for whoever
 * routes clients. Neither of the two flaps on a blip: only a drain or a `required` channel that failed makes it 503.
 */
import type { FastifyInstance } from 'fastify';
import { type Channel, type ChannelStatus, type Gateway, GatewayError } from '../src/index.js';
import { bearerCheck, refuseBearer } from './bearer.js';
import { addRoute } from './route.js';

export interface HealthOptions {
  readonly path: string;
  /** Without it only the status is told. */
  readonly bearer?: string;
  readonly gateway: Gateway;
}

const PAGE = 100;

export function healthRoutes(app: FastifyInstance, { path, bearer, gateway }: HealthOptions): void {
  const trusted = bearerCheck(bearer);
  const get = (suffix: string, handler: Parameters<typeof addRoute>[2]['handler']): void =>
    addRoute(app, 'health.path', { method: 'GET', url: `${path}${suffix}`, logLevel: 'warn', handler });
  get('', async (request, reply) => {
    reply.header('cache-control', 'no-store');
    const { details, offset } = request.query as { details?: string; offset?: string };
    if (!trusted(request)) return details === undefined ? { status: statusOf(gateway) } : refuseBearer(reply);
    return details === undefined ? summary(gateway) : page(gateway, details, from(offset));
  });
  get('/live', async (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'live' }));
  get('/ready', async (request, reply) => {
    const why = notReady(gateway);
    reply.header('cache-control', 'no-store').code(why === undefined ? 200 : 503);
    if (why === undefined) return { status: 'ready' };
    return { status: 'not-ready', ...(trusted(request) ? { reason: why } : {}) };
  });
}

/** Why clients should go elsewhere; undefined: they are welcome. */
function notReady(gateway: Gateway): string | undefined {
  if (gateway.draining) return 'draining';
  for (const { name, channels } of gateway.families()) {
    for (const { options, state } of channels)
      if (options.required && state === 'failed') return `channel ${name} failed`;
  }
  return undefined;
}

function statusOf(gateway: Gateway): 'ok' | 'degraded' | 'draining' {
  if (gateway.draining) return 'draining';
  for (const { channels } of gateway.families()) {
    for (const { state } of channels) if (state === 'backoff' || state === 'failed') return 'degraded';
  }
  return 'ok';
}

/** Every configured name with its channel, or the sum of its channels when it is a template. */
function summary(gateway: Gateway): object {
  const channels: Record<string, object> = Object.create(null);
  for (const { name, many, channels: alive } of gateway.families()) {
    const statuses = [...alive].map((channel) => channel.status());
    channels[name] = many ? sum(statuses) : (statuses[0] ?? { state: 'idle', subscribers: 0 });
  }
  const { subscribers, pool, logBytes } = gateway.stats();
  return {
    status: statusOf(gateway),
    name: gateway.options.name,
    subscribers,
    channels,
    memory: { logBytes, pool },
  };
}

function sum(statuses: readonly ChannelStatus[]): object {
  const states: Record<string, number> = {};
  let subscribers = 0;
  let maxLagBytes = 0;
  for (const status of statuses) {
    states[status.state] = (states[status.state] ?? 0) + 1;
    subscribers += status.subscribers;
    maxLagBytes = Math.max(maxLagBytes, status.maxLagBytes);
  }
  return { channels: statuses.length, states, subscribers, maxLagBytes };
}

/** An offset as a client may write it; what is none counts as 0. */
function from(offset: string | undefined): number {
  const asked = Number(offset);
  return Number.isSafeInteger(asked) && asked > 0 ? asked : 0;
}

/**
 * One page of the channels under a configured name: `?details=rooms/:room&offset=100`.
 * @throws GatewayError 404 for a name that is not configured
 */
function page(gateway: Gateway, name: string, offset: number): object {
  const family = [...gateway.families()].find((candidate) => candidate.name === name);
  if (family === undefined) throw new GatewayError('CHANNEL_UNKNOWN', 'there is no such channel');
  const alive: Channel[] = [...family.channels];
  const shown = alive.slice(offset, offset + PAGE);
  return {
    name,
    total: alive.length,
    offset,
    channels: Object.fromEntries(shown.map((channel) => [channel.key, channel.status()])),
    next: offset + PAGE < alive.length ? offset + PAGE : null,
  };
}
