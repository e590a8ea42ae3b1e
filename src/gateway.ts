/**
 * Channels by name, and what they share: the slab pool, the byte budget, the pacer, one tick, drain and close. It
 * refuses to know HTTP servers; whoever has one asks it for a channel.
 */
import { type Addressed, Admission } from './admission.js';
import { Channel, type ChannelContext, type ChannelStatus } from './channel.js';
import { type Clock, type Random, systemClock, type Timer } from './clock.js';
import { ReplayLine } from './downstream/replay-line.js';
import { Drain } from './drain.js';
import { type CloseReason, GatewayError } from './errors.js';
import { Families } from './families.js';
import { forwardedHeaders, type RequestHeaders } from './forwarding.js';
import type { LocalEvent } from './ingest.js';
import { SlabPool } from './log/pool.js';
import { type Logger, silentLogger } from './logger.js';
import type { ChannelMetrics, RefusalReason } from './metrics/channel-metrics.js';
import {
  type GatewayOptions,
  type ResolvedChannelOptions,
  type ResolvedGatewayOptions,
  resolveOptions,
} from './options.js';
import { Pressure } from './pressure.js';
import { ReplayAllowance } from './replay-allowance.js';
import type { SourceFactory } from './source.js';
import { fillUrl, type Parameters } from './template.js';
import { httpUpstreams, type Upstreams } from './upstream/upstreams.js';

/** What a gateway needs from outside; every field has a default for production. */
export interface GatewayContext {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
  /** Replaces the HTTP upstream of a channel, for other kinds of source. `url` is the first of its `urls`. */
  readonly source?: (channel: string, url: string, urls: readonly string[]) => SourceFactory;
}

const TICK_MS = 1_000;
/** The event loop must come round a few times per heartbeat even when that is set very low. */
const TICKS_PER_TIMING = 4;
const MIN_TICK_MS = 25;

export class Gateway {
  readonly options: ResolvedGatewayOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #pool: SlabPool;
  readonly #pressure: Pressure;
  readonly #allowance: ReplayAllowance;
  readonly #line: ReplayLine;
  readonly #families: Families;
  readonly #upstreams: Upstreams;
  readonly #source: GatewayContext['source'];
  readonly #tickMs: number;
  #tick: Timer | undefined;
  #tickDueAt = 0;
  #epoch = 0;
  readonly #drain: Drain;
  readonly #admission: Admission;
  #closed = false;

  /** @throws GatewayError `SSE_GATEWAY_OPTION_INVALID` */
  constructor(options: GatewayOptions, context: GatewayContext = {}) {
    this.options = resolveOptions(options);
    this.#clock = context.clock ?? systemClock;
    this.#random = context.random ?? Math.random;
    this.#logger = context.logger ?? silentLogger;
    this.#source = context.source;
    const { pool, maxLogBytes, maxReplayBytes, connectsPerSecond, channels } = this.options;
    this.#pool = new SlabPool({ enabled: pool !== false, poison: pool === 'poison' });
    this.#pressure = new Pressure(maxLogBytes, this.#clock, () => this.#families.alive());
    this.#allowance = new ReplayAllowance(maxReplayBytes);
    this.#line = new ReplayLine(this.#clock);
    this.#admission = new Admission(this.options, this.#clock);
    this.#upstreams = httpUpstreams({ clock: this.#clock, random: this.#random, connectsPerSecond });
    this.#families = new Families(channels);
    this.#drain = new Drain(this.options, this.#clock, this.#random);
    const timings = Object.values(channels).map(({ heartbeatMs, stalledMs }) =>
      Math.min(heartbeatMs, stalledMs),
    );
    this.#tickMs = Math.max(MIN_TICK_MS, Math.min(TICK_MS, Math.min(...timings) / TICKS_PER_TIMING));
  }

  /** Starts the tick and opens the channels with `always`. Idempotent. */
  start(): void {
    if (this.#tick !== undefined || this.#closed) return;
    this.#tickLater();
    for (const { name, options } of this.#families) if (options.always) this.channel(name).start();
  }

  /** True from the beginning of a drain: new clients should go elsewhere. */
  get draining(): boolean {
    return this.#drain.begun || this.#closed;
  }

  /** The gateway's randomness, for whoever spreads something in its name. */
  get random(): Random {
    return this.#random;
  }

  /** When a client that was sent away by a drain should come back, ms. */
  returnMs(): number {
    return this.#drain.returnMs();
  }

  /** Lets a client in: a function to call once when it has left. Or says why not. */
  admit(client: Addressed): (() => void) | RefusalReason {
    return this.#pressure.refusing ? 'memory' : this.#admission.admit(client);
  }

  /** Newcomers are to be sent away: streams have begun to end. */
  get refusing(): boolean {
    return this.#drain.refusing;
  }

  /** The configured names. */
  get names(): readonly string[] {
    return [...this.#families].map(({ name }) => name);
  }

  /**
   * The channel of a configured name, made when it isn't alive.
   * @param headers of the client that asks: those that are forwarded say which channel is its own
   * @throws GatewayError as `find`, and `CHANNEL_LIMIT`
   */
  channel(name: string, parameters: Parameters = {}, headers: RequestHeaders = {}): Channel {
    return this.find(name, parameters, headers) ?? this.#create(name, parameters, headers);
  }

  /**
   * The same if it is alive.
   * @throws GatewayError `CHANNEL_UNKNOWN`, `PARAMETER_INVALID`, `CLOSED`
   */
  find(name: string, parameters: Parameters = {}, headers: RequestHeaders = {}): Channel | undefined {
    if (this.#closed) throw new GatewayError('CLOSED', 'the gateway is closed');
    const family = this.#families.get(name);
    return family.channels.get(this.#families.keyOf(family, parameters, headers));
  }

  /** Commits a local event to the channel at a path, e.g. `rooms/lobby`. @throws as `channel`, and `EVENT_INVALID` */
  publish(path: string, event: LocalEvent): void {
    const { name, parameters } = this.#families.at(path);
    this.channel(name, parameters).publish(event);
  }

  /** Counters and live channels of each configured name. */
  *families(): IterableIterator<ChannelFamily> {
    for (const { name, metrics, many, channels } of this.#families)
      yield { name, metrics, many, channels: channels.values() };
  }

  /** What the slab pool did and holds. */
  get pool(): SlabPool['stats'] {
    return this.#pool.stats;
  }

  /** Bytes of slabs that all logs hold, of `maxLogBytes`. */
  get logBytes(): number {
    return this.#pressure.budget.usedBytes;
  }

  /** Snapshot for operators. */
  stats(): GatewayStats {
    const alive = [...this.#families.alive()];
    const subscribers = alive.reduce((sum, channel) => sum + channel.subscribers.size, 0);
    // Not by assignment: a client may have named one `__proto__`.
    const channels = Object.fromEntries(alive.map((channel) => [channel.key, channel.status()]));
    return {
      draining: this.draining,
      subscribers,
      channels,
      pool: { ...this.pool },
      logBytes: this.logBytes,
    };
  }

  /**
   * Lets every client go without a herd: readiness fails, `drainDelayMs` later the streams end over at most `drainMs`,
   * each with a `retry:` that lies behind the drain's end. Resolves when they are flushed. Idempotent.
   */
  drain(): Promise<void> {
    return this.#drain.run(() => this.#families.alive());
  }

  /** Ends everything at once: subscribers, upstreams, timers. Idempotent. */
  async close(reason: CloseReason = 'shutdown'): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#tick?.cancel();
    this.#pressure.stop();
    for (const channel of this.#families.alive()) channel.close(reason);
    await this.#upstreams.close();
  }

  #create(name: string, parameters: Parameters, headers: RequestHeaders): Channel {
    const family = this.#families.get(name);
    const key = this.#families.keyOf(family, parameters, headers);
    this.#families.makeRoom(family);
    const { options } = family;
    const sent = { ...options.headers, ...forwardedHeaders(options.forwardHeaders, headers) };
    const urls = options.url.map((url) => fillUrl(url, parameters));
    const channel = new Channel(name, key, options, {
      gateway: this.options.name,
      clock: this.#clock,
      random: this.#random,
      logger: this.#logger,
      pool: this.#pool,
      budget: this.#pressure.budget,
      allowance: this.#allowance,
      line: this.#line,
      directWrites: this.options.directWrites,
      epoch: this.#nextEpoch(),
      nextEpoch: () => this.#nextEpoch(),
      metrics: family.metrics,
      ...this.#sources(name, urls, { ...options, headers: sent }),
    });
    family.channels.set(key, channel);
    return channel;
  }

  /** Above every epoch before, also across restarts as far as the clock goes on. */
  #nextEpoch(): number {
    this.#epoch = Math.max(Math.floor(this.#clock.wallNow()), this.#epoch + 1);
    return this.#epoch;
  }

  #sources(
    name: string,
    urls: readonly string[],
    options: ResolvedChannelOptions,
  ): Pick<ChannelContext, 'source' | 'backfill'> {
    if (urls.length === 0) return { source: undefined };
    const own = this.#source?.(name, urls[0]!, urls);
    if (own !== undefined) return { source: own };
    const { source, once } = this.#upstreams.upstream(urls, options);
    return { source, backfill: once };
  }

  readonly #onTick = (): void => {
    const now = this.#clock.now();
    this.#families.tick(now, Math.max(0, now - this.#tickDueAt));
    this.#pressure.relieve();
    if (!this.#closed) this.#tickLater();
  };

  #tickLater(): void {
    this.#tickDueAt = this.#clock.now() + this.#tickMs;
    this.#tick = this.#clock.after(this.#tickMs, this.#onTick);
  }
}

/** One configured name: its counters and the channels alive under it, `many` where clients say which. */
export interface ChannelFamily {
  readonly name: string;
  readonly metrics: ChannelMetrics;
  readonly many: boolean;
  readonly channels: Iterable<Channel>;
}

export interface GatewayStats {
  readonly draining: boolean;
  readonly subscribers: number;
  readonly channels: Readonly<Record<string, ChannelStatus>>;
  readonly pool: SlabPool['stats'];
  /** Bytes that all logs hold. */
  readonly logBytes: number;
}
