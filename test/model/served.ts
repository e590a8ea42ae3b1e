/** The channel that is served in a run, as its set-up wants it. It refuses everything but the wiring. */
import { Channel, type ChannelContext } from '../../src/channel.js';
import { LogBudget } from '../../src/log/budget.js';
import { silentLogger } from '../../src/logger.js';
import { ChannelMetrics } from '../../src/metrics/channel-metrics.js';
import { resolveOptions } from '../../src/options.js';
import type { Setup } from './plan.js';

/** Shorter than a drain: what that adds must show. */
const TIMES = { retryMinMs: 1, retryMaxMs: 5 };

export function openChannel(
  setup: Setup,
  parts: Omit<ChannelContext, 'logger' | 'budget' | 'metrics'>,
): Channel {
  const { ids, replay, onGap, onSlow, backfill, maxLogBytes } = setup;
  const defaults = resolveOptions({
    channels: { it: { url: 'http://upstream/', ids, replay, onGap, onSlow, maxAgeMs: setup.maxAgeMs } },
  }).channels['it']!;
  const { retainEvents, retainBytes, retainAgeMs, sliceBytes, replayBytes } = setup;
  const { resumeWaitMs, connectWaitMs, lingerMs } = setup;
  const sizes = { retainEvents, retainBytes, retainAgeMs, sliceBytes, replayBytes };
  return new Channel(
    'it',
    'it',
    { ...defaults, ...sizes, ...TIMES, resumeWaitMs, connectWaitMs, lingerMs },
    {
      ...parts,
      logger: silentLogger,
      budget: new LogBudget(maxLogBytes),
      metrics: new ChannelMetrics(),
      backfill: backfill ? parts.backfill : undefined,
    },
  );
}
