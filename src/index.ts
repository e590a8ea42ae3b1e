/**
 * The map of the house, in the order in which an event meets the folders:
 *
 *   upstream/       bytes arrive: connect, reconnect, give up           (a `source.ts` fills a log)
 *   sse/            text/event-stream in both directions, bytes only
 *   ingest.ts       event fields -> id -> frames in a batch            (decoder.ts: runs of valid events)
 *   continuity.ts   did the upstream go on where it stopped? what it sends again is dropped (repeats.ts)
 *   engine/         accepts a batch: memory at once, others later
 *   log/            the retained bytes: segments, pins, floor and tip, cursors, ids
 *   resume.ts       where in the log a client goes on
 *   read-through.ts those who ask for what the log doesn't hold
 *   downstream/     fan-out, subscribers, and the sinks they write to  (a `sink.ts` drains a cursor)
 *   subscribers.ts  everyone who is served by a channel
 *   channel.ts      one source -> one log -> many subscribers
 *   gateway.ts      channels by name; what they share; who may come in; drain and close
 *   rechecks.ts     may those who came in stay?
 *
 * Beside them: options, errors, clock, metrics/, diagnostics (plain data for everyone). The Fastify wiring is in `plugins/`.
 */

export type { Channel, ChannelStatus } from './channel.js';
export { type Clock, type Random, systemClock, type Timer } from './clock.js';
export { type Diagnostics, diagnose } from './diagnostics.js';
export { Connection } from './downstream/connection.js';
export { carryConnections } from './downstream/connections.js';
export { type HttpResponse, isHttp2 } from './downstream/http-sink.js';
export { spareStreams } from './downstream/occupied.js';
export { ownsSocket } from './downstream/owns-socket.js';
export type { Subscriber } from './downstream/subscriber.js';
export { CLOSE_REASONS, type CloseReason, type ErrorCode, GatewayError } from './errors.js';
export { GAP_REASONS, type Gap, type GapReason } from './gap.js';
export { Gateway, type GatewayContext, type GatewayStats } from './gateway.js';
export type { LocalEvent } from './ingest.js';
export type { Logger } from './logger.js';
export {
  type ChannelMetrics,
  CONNECT_OUTCOMES,
  REFUSAL_REASONS,
  RESUME_OUTCOMES,
  type RefusalReason,
} from './metrics/channel-metrics.js';
export type { Histogram } from './metrics/histogram.js';
export type { Tally } from './metrics/tally.js';
export type {
  ChannelDefaults,
  ChannelOptions,
  GatewayOptions,
  ResolvedChannelOptions,
  ResolvedGatewayOptions,
} from './options.js';
export { resolveOptions } from './options.js';
export { Rechecks } from './rechecks.js';
export type { Resume } from './resume.js';
export {
  type Inlet,
  SOURCE_STATES,
  type Source,
  type SourceFactory,
  type SourceObserver,
  type SourceStatus,
} from './source.js';
export { Parser } from './sse/parser.js';
export type { EventRecords } from './sse/records.js';
export type { Parameters } from './template.js';
export { httpUpstreams, type Upstreams } from './upstream/upstreams.js';
