/**
 * What the core counts for one configured channel name; all channels of a template share one. Plain fields that the hot
 * path increments and an exposition reads. A leaf: no Prometheus, no clock.
 */
import type { CloseReason, DropReason } from '../errors.js';
import type { GapReason } from '../gap.js';
import { Histogram } from './histogram.js';
import { Tally } from './tally.js';

export const CONNECT_OUTCOMES = ['ok', 'failed'] as const;
export type ConnectOutcome = (typeof CONNECT_OUTCOMES)[number];
export const RESUME_OUTCOMES = ['fresh', 'exact', 'gap'] as const;
export type ResumeOutcome = (typeof RESUME_OUTCOMES)[number];
export const REFUSAL_REASONS = [
  'draining',
  'connection-limit',
  'ip-limit',
  'accept-rate',
  'memory',
  'channel-full',
  'failed',
  'no-content',
  'not-acceptable',
  'origin',
  'unauthorized',
  'disconnected',
  'gap',
  'channel-limit',
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

export class ChannelMetrics {
  /** Upstream attempts by outcome; of these, those that followed an earlier connection. */
  readonly upstreamConnects = new Tally<ConnectOutcome>();
  readonly upstreamReconnects = new Tally<ConnectOutcome>();
  readonly upstreamDisconnects = new Tally<CloseReason>();
  /** Streams that came from another URL of the list than the one before. */
  upstreamSwitches = 0;
  bytesIn = 0;
  /** Events committed to the log: the upstream's, published ones, and gaps for all. */
  eventsIn = 0;
  /** Repaired (invalid UTF-8) and withheld (id that no header can carry) cases. */
  eventsRepaired = 0;
  cursorsUnsendable = 0;
  /** Events that an upstream sent again at a reconnect, recognised and dropped. */
  eventsRepeated = 0;
  eventsOffered = 0;
  eventsOut = 0;
  bytesOut = 0;
  readonly eventsDropped = new Tally<DropReason>();
  readonly clientDisconnects = new Tally<CloseReason>();
  readonly resumes = new Tally<ResumeOutcome>();
  readonly gaps = new Tally<GapReason>();
  readonly refusals = new Tally<RefusalReason>();
  /** Seconds from commit to the confirmed write; one delivery per flush is timed. */
  readonly delivery = new Histogram([
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ]);
  /** Bytes a subscriber is behind the tip, looked at once per tick. */
  readonly lag = new Histogram([0, 1_024, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216]);
}
