/**
 * What the HTTP upstreams of one gateway share: one pacer, and one dispatcher per set of TLS options. It turns a
 * channel's options into a source and refuses to keep track of sources.
 */
import type { Dispatcher } from 'undici';
import { type Clock, MAX_TIMER_MS, type Random } from '../clock.js';
import type { ResolvedChannelOptions } from '../options.js';
import type { SourceFactory } from '../source.js';
import { createDispatcher } from './dispatcher.js';
import { httpSource } from './http-source.js';
import { Pacer } from './pacer.js';
import { UrlChoice } from './url-choice.js';

export interface UpstreamsContext {
  readonly clock: Clock;
  readonly random: Random;
  /** Connection attempts per second and origin. */
  readonly connectsPerSecond: number;
}

/** One channel's ways to its upstream. */
export interface Upstream {
  /** For one source: it and the private requests go to the same URL. */
  readonly source: SourceFactory;
  /** A source for a private request that is made once, at the URL that the channel is at: its first fault is final. */
  readonly once: SourceFactory;
}

export interface Upstreams {
  /** @param urls at least one, with their template parameters filled in */
  upstream(urls: readonly string[], options: ResolvedChannelOptions): Upstream;
  /** Closes every socket; the sources should be closed before. */
  close(): Promise<void>;
}

export function httpUpstreams({ clock, random, connectsPerSecond }: UpstreamsContext): Upstreams {
  const pacer = new Pacer(clock, connectsPerSecond);
  const dispatchers = new Map<string, Dispatcher>();
  const dispatcherFor = (options: ResolvedChannelOptions): Dispatcher => {
    const { maxHeaderBytes, privateAddresses, tls } = options;
    const key = JSON.stringify([maxHeaderBytes, privateAddresses, tls]);
    let dispatcher = dispatchers.get(key);
    if (dispatcher === undefined) {
      dispatcher = createDispatcher({ maxHeaderBytes, privateAddresses, ...tls });
      dispatchers.set(key, dispatcher);
    }
    return dispatcher;
  };
  return {
    upstream(urls, options) {
      const context = { dispatcher: dispatcherFor(options), pacer, clock, random };
      const all = { ...options, urls, sendLastEventId: options.replay !== false };
      const choice = new UrlChoice(all, random);
      const once = { ...options, maxAttempts: 1, retryFailedMs: MAX_TIMER_MS, sendLastEventId: true };
      return {
        source: httpSource(all, context, choice),
        once: (inlet, observer) =>
          httpSource({ ...once, urls: [choice.current.url] }, context)(inlet, observer),
      };
    },
    async close() {
      await Promise.all([...dispatchers.values()].map((dispatcher) => dispatcher.destroy()));
    },
  };
}
