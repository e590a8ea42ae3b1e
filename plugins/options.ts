/** The plugin's own options, checked; the rest is the gateway's. */
import type { FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import { type CloseReason, GatewayError, type GatewayOptions } from '../src/index.js';
import { type Access, type AccessOptions, readAccess } from './access-options.js';
import { isToken } from './bearer.js';

/** A stream began or ended; see `onStream`. */
export interface StreamInfo {
  readonly type: 'open' | 'close';
  /** The configured name, and the channel's own (the same but for templates). */
  readonly channel: string;
  readonly key: string;
  /** How the client began: without an id, without a hole, with an announced one, or waiting for what it asked for. */
  readonly resume: 'fresh' | 'exact' | 'gap' | 'pending';
  /** At `close`: why, and how long it lasted. */
  readonly reason?: CloseReason;
  readonly durationMs?: number;
}

export interface SseGatewayOptions extends GatewayOptions, AccessOptions {
  /** `GET <path>/<channel>`. Default `{ path: '/events' }`; false: no routes, `app.sseGateway.subscribe` only. */
  events?: false | { path?: string };
  /** Default `{ path: '/health' }`. `bearer`: the token without which only the status is told (default: no token). */
  health?: false | { path?: string; bearer?: string };
  /**
   * Default `{ path: '/metrics' }`. `bearer`: the token without which the answer is 401 (default: no token). `registry`: a prom-client registry to put the series on (default: one of our own).
   * `defaultMetrics`: the process metrics as well, on our own registry (default false).
   */
  metrics?: false | { path?: string; bearer?: string; registry?: Registry; defaultMetrics?: boolean };
  /**
   * A stream leaves its connection once its head is out, so that Node frees parser, request and response: about half the
   * memory per client. It then ends with its connection (`Connection: close`), for Node and Fastify the response is complete
   * when it begins, and `server.closeAllConnections()` doesn't know it. Plain HTTP/1 only. Default false (the command: true).
   */
  detachStreams?: boolean;
  /**
   * Called when a stream begins and when it ends: Fastify's `onSend` doesn't see a hijacked reply, and `onResponse` only
   * one that ended politely. What it throws is logged.
   */
  onStream?: (request: FastifyRequest, info: StreamInfo) => void;
}

/** A route, and the token that it is behind. */
interface Guarded {
  readonly path: string;
  readonly bearer?: string;
}

export interface PluginOptions {
  readonly gateway: GatewayOptions;
  readonly access: Access;
  readonly events: false | { readonly path: string };
  readonly health: false | Guarded;
  readonly metrics: false | (Guarded & { readonly registry?: Registry; readonly defaultMetrics?: boolean });
  readonly detachStreams: boolean;
  readonly onStream: SseGatewayOptions['onStream'];
}

/** @throws GatewayError `SSE_GATEWAY_OPTION_INVALID`, for the plugin's own options; the gateway checks the others */
export function splitOptions(input: SseGatewayOptions & { prefix?: string }): PluginOptions {
  const { events, health, metrics, detachStreams = false, onStream, prefix: _, ...others } = input;
  const { allowedOrigins, expiresAt, reauthorize, reauthMs, reauthTimeoutMs, ...gateway } = others;
  if (onStream !== undefined && typeof onStream !== 'function')
    throw invalid('onStream', 'expected a function');
  if (typeof detachStreams !== 'boolean') throw invalid('detachStreams', 'expected true or false');
  const { registry, defaultMetrics } = metrics || {};
  if (registry !== undefined && typeof registry?.registerMetric !== 'function')
    throw invalid('metrics.registry', 'expected a registry of prom-client');
  if (defaultMetrics !== undefined && typeof defaultMetrics !== 'boolean')
    throw invalid('metrics.defaultMetrics', 'expected true or false');
  return {
    gateway,
    access: readAccess({ allowedOrigins, expiresAt, reauthorize, reauthMs, reauthTimeoutMs }),
    events: route('events', events, ['path']),
    health: guarded('health', route('health', health, ['path', 'bearer'])),
    metrics: guarded('metrics', route('metrics', metrics, ['path', 'bearer', 'registry', 'defaultMetrics'])),
    detachStreams,
    onStream,
  };
}

function route<T extends { path?: string }>(
  name: 'events' | 'health' | 'metrics',
  value: false | T | undefined,
  known: readonly string[],
): false | (T & { path: string }) {
  if (value === false) return false;
  const options = value === undefined ? ({} as T) : value;
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw invalid(name, 'expected false or an object');
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) throw invalid(`${name}.${unknown}`, 'unknown option');
  const path = options.path ?? `/${name}`;
  if (typeof path !== 'string' || !/^(?:\/[A-Za-z0-9._~-]+)+$/.test(path)) {
    throw invalid(`${name}.path`, 'expected a path such as /events');
  }
  return { ...options, path };
}

/** The message never shows what was given: it may be most of the token. */
function guarded<T extends false | { bearer?: unknown }>(name: 'health' | 'metrics', options: T): T {
  if (options !== false && options.bearer !== undefined && !isToken(options.bearer))
    throw invalid(`${name}.bearer`, 'expected a token of letters, digits and -._~+/');
  return options;
}

function invalid(path: string, message: string): GatewayError {
  return new GatewayError('OPTION_INVALID', `sse-gateway option ${path}: ${message}`);
}
