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

export interface UpstreamsContext {
  readonly clock: Clock;
  readonly random: Random;
  /** Connection attempts per second and origin. */
  readonly connectsPerSecond: number;
}

export interface Upstreams {
  /** The source for a URL with its template parameters filled in. */
  source(url: string, options: ResolvedChannelOptions): SourceFactory;
  /** A source for a private request that is made once: its first fault is final. */
  once(url: string, options: ResolvedChannelOptions): SourceFactory;
  /** Closes every socket; the sources should be closed before. */
  close(): Promise<void>;
}

export function httpUpstreams({ clock, random, connectsPerSecond }: UpstreamsContext): Upstreams {
  const pacer = new Pacer(clock, connectsPerSecond);
  const dispatchers = new Map<string, Dispatcher>();
  const dispatcherFor = ({ maxHeaderBytes, tls }: ResolvedChannelOptions): Dispatcher => {
    const key = JSON.stringify([maxHeaderBytes, tls]);
    let dispatcher = dispatchers.get(key);
    if (dispatcher === undefined) {
      dispatcher = createDispatcher({ maxHeaderBytes, ...tls });
      dispatchers.set(key, dispatcher);
    }
    return dispatcher;
  };
  return {
    source(url, options) {
      const sendLastEventId = options.replay !== false;
      const dispatcher = dispatcherFor(options);
      return httpSource({ ...options, url, sendLastEventId }, { dispatcher, pacer, clock, random });
    },
    once(url, options) {
      const dispatcher = dispatcherFor(options);
      const once = { maxAttempts: 1, retryFailedMs: MAX_TIMER_MS, sendLastEventId: true };
      return httpSource({ ...options, ...once, url }, { dispatcher, pacer, clock, random });
    },
    async close() {
      await Promise.all([...dispatchers.values()].map((dispatcher) => dispatcher.destroy()));
    },
  };
}
