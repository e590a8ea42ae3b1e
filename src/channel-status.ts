/** A channel as `/health` shows it: a snapshot, computed when asked for. It refuses to keep anything. */
import type { Subscriber } from './downstream/subscriber.js';
import type { EventLog } from './log/event-log.js';
import type { SourceState, SourceStatus } from './source.js';

/** What `/health` says of a channel. Ages in ms. */
export interface ChannelStatus {
  readonly state: SourceState;
  /** Scheme, host and port of the upstream that is asked; absent without one. */
  readonly origin: string | undefined;
  readonly sinceMs: number;
  readonly attempts: number;
  readonly lastError: { readonly code: string; readonly message: string } | undefined;
  readonly retryInMs: number | undefined;
  readonly lastEventAgeMs: number | undefined;
  readonly subscribers: number;
  readonly maxLagBytes: number;
  readonly log: { readonly events: number; readonly bytes: number; readonly pinnedBytes: number };
}

export interface ChannelParts {
  readonly now: number;
  readonly state: SourceState;
  readonly source: SourceStatus | undefined;
  readonly createdAt: number;
  readonly lastEventAt: number | undefined;
  readonly log: EventLog;
  readonly subscribers: readonly Subscriber[];
}

export function channelStatus({
  now,
  state,
  source,
  createdAt,
  lastEventAt,
  log,
  subscribers,
}: ChannelParts): ChannelStatus {
  return {
    state,
    origin: source?.origin,
    sinceMs: Math.round(now - (source?.since ?? createdAt)),
    attempts: source?.attempts ?? 0,
    lastError: source?.lastError && { code: source.lastError.code, message: source.lastError.message },
    retryInMs: source?.retryAt === undefined ? undefined : Math.max(0, Math.round(source.retryAt - now)),
    lastEventAgeMs: lastEventAt === undefined ? undefined : Math.round(now - lastEventAt),
    subscribers: subscribers.length,
    maxLagBytes: subscribers.reduce((most, { cursor }) => Math.max(most, cursor.lag), 0),
    log: { events: log.tipSeq - log.floorSeq, bytes: log.bytes, pinnedBytes: log.pinnedBytes },
  };
}
