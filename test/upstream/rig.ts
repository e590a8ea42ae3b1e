/**
 * What most tests of upstream/ stand on: a source over real sockets with a recorder at its other end. Time is a manual
 * clock.
 */
import type { Dispatcher } from 'undici';
import { createDispatcher } from '../../src/upstream/dispatcher.js';
import { type HttpSource, httpSource } from '../../src/upstream/http-source.js';
import type { HttpUpstreamOptions } from '../../src/upstream/options.js';
import { Pacer } from '../../src/upstream/pacer.js';
import { ManualClock } from '../helpers/manual-clock.js';
import { Recorder } from './recorder.js';
import type { Teardown } from './server.js';

export const DEFAULTS: Omit<HttpUpstreamOptions, 'urls'> = {
  sharedIds: false,
  headers: {},
  connectTimeoutMs: 10_000,
  firstByteTimeoutMs: 30_000,
  idleTimeoutMs: 90_000,
  backoffBaseMs: 1_000,
  backoffMinMs: 100,
  backoffMaxMs: 30_000,
  maxAttempts: Number.POSITIVE_INFINITY,
  retryFailedMs: 60_000,
  retryAfterMaxMs: 300_000,
  maxRedirects: 5,
  maxHeaderBytes: 16_384,
  sendLastEventId: true,
};

export interface RigOptions extends Partial<HttpUpstreamOptions> {
  readonly dispatcher?: Dispatcher;
  readonly clock?: ManualClock;
  readonly pacer?: Pacer;
}

/** A source under test. Randomness is 0.5 throughout, so a delay without `retry:` is half its ceiling. */
export class Rig extends Recorder {
  readonly clock: ManualClock;
  readonly source: HttpSource;
  readonly #dispatcher: Dispatcher;

  constructor(url: string | readonly string[], options: RigOptions = {}) {
    super();
    const { dispatcher, clock = new ManualClock(), pacer = new Pacer(clock), ...rest } = options;
    this.clock = clock;
    this.#dispatcher = dispatcher ?? createDispatcher({ maxHeaderBytes: DEFAULTS.maxHeaderBytes });
    const context = { dispatcher: this.#dispatcher, pacer, clock, random: () => 0.5 };
    this.source = httpSource({ ...DEFAULTS, urls: [url].flat(), ...rest }, context)(this.inlet, this);
  }

  /** Lets the delay pass that the source is in. */
  passDelay(): number {
    const { retryAt } = this.source.status;
    if (retryAt === undefined) throw new Error(`no delay in state ${this.source.status.state}`);
    const ms = retryAt - this.clock.now();
    this.clock.advance(ms);
    return ms;
  }

  /** Ends the source and its sockets. */
  async close(): Promise<void> {
    this.source.close('shutdown');
    await this.#dispatcher.destroy();
  }
}

/** A rig that is closed with its test. */
export function rig(t: Teardown, url: string | readonly string[], options: RigOptions = {}): Rig {
  const made = new Rig(url, options);
  t.teardown(() => made.close());
  return made;
}
