/**
 * What a channel's source reports, as counts and log lines: the same `CloseReason` in both. It refuses to act; two
 * calls tell the channel what it may want to act on.
 */
import type { CloseReason, GatewayError } from './errors.js';
import type { Logger } from './logger.js';
import type { ChannelMetrics } from './metrics/channel-metrics.js';
import type { SourceObserver } from './source.js';

export interface UpstreamEvents {
  /** The attempt under way has an outcome. */
  headKnown(): void;
  /** A good answer arrived. */
  connected(): void;
  /** The stream behind it ended; without an error we ended it. */
  lost(reason: CloseReason, error: GatewayError | undefined): void;
  /** The source gave up, for this reason. */
  failed(error: GatewayError | undefined): void;
}

export function upstreamObserver(
  channel: string,
  metrics: ChannelMetrics,
  logger: Logger,
  events: UpstreamEvents,
): SourceObserver {
  let open = false;
  let connected = false;
  const outcome = (result: 'ok' | 'failed'): void => {
    metrics.upstreamConnects.add(result);
    if (connected) metrics.upstreamReconnects.add(result);
  };
  return {
    stateChanged({ state, lastError }) {
      if (state !== 'connecting') events.headKnown();
      if (state !== 'failed') return;
      logger.error({ channel, code: lastError?.code, error: lastError?.message }, 'upstream failed');
      events.failed(lastError);
    },
    connecting(attempt) {
      logger.debug({ channel, attempt }, 'upstream connecting');
    },
    switched(origin) {
      metrics.upstreamSwitches += 1;
      logger.warn({ channel, origin }, 'upstream switched');
    },
    connected() {
      outcome('ok');
      open = true;
      connected = true;
      logger.info({ channel }, 'upstream connected');
      events.connected();
    },
    disconnected(reason, error) {
      const lost = open;
      if (lost) metrics.upstreamDisconnects.add(reason);
      else if (error !== undefined) outcome('failed');
      open = false;
      if (error === undefined) logger.info({ channel, reason }, 'upstream closed');
      else logger.warn({ channel, reason, code: error.code, error: error.message }, 'upstream lost');
      if (lost) events.lost(reason, error);
    },
    cursorWithheld() {
      metrics.cursorsUnsendable += 1;
    },
    received(bytes) {
      metrics.bytesIn += bytes;
    },
  };
}
