/**
 * One source, one log, many subscribers. It wires the parts and keeps the channel's state; it refuses to know HTTP and
 * how any part does its work.
 */
import { type ChannelStatus, channelStatus } from './channel-status.js';
import type { Clock, Random } from './clock.js';
import { Demand } from './demand.js';
import { ChunkFramer } from './downstream/chunk-framer.js';
import { FanOut } from './downstream/fan-out.js';
import { type HttpResponse, httpSink } from './downstream/http-sink.js';
import type { Subscriber } from './downstream/subscriber.js';
import { memoryEngine } from './engine/memory.js';
import { type CloseReason, GatewayError } from './errors.js';
import { endFrame } from './gap.js';
import { gapId, idBefore } from './gap-ids.js';
import { HeadWait } from './head-wait.js';
import { Ingest, type LocalEvent } from './ingest.js';
import type { LogBudget } from './log/budget.js';
import { EventLog } from './log/event-log.js';
import type { SlabPool } from './log/pool.js';
import type { Logger } from './logger.js';
import type { ChannelMetrics } from './metrics/channel-metrics.js';
import { opening } from './opening.js';
import type { ResolvedChannelOptions } from './options.js';
import { fresh, locate, type Resume } from './resume.js';
import type { Source, SourceFactory, SourceState } from './source.js';
import { upstreamObserver } from './upstream-observer.js';

export interface ChannelContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly pool: SlabPool;
  readonly budget: LogBudget;
  /** The epoch of this log's life, above every earlier one. */
  readonly epoch: number;
  readonly metrics: ChannelMetrics;
  /** Undefined: only `publish` fills the log. */
  readonly source: SourceFactory | undefined;
}

export type { ChannelStatus } from './channel-status.js';

export class Channel {
  /** The configured name, and this channel's own (the same but for templates). */
  readonly name: string;
  readonly key: string;
  readonly options: ResolvedChannelOptions;
  readonly metrics: ChannelMetrics;
  readonly log: EventLog;
  readonly fanOut: FanOut;
  readonly #context: ChannelContext;
  readonly #ingest: Ingest;
  readonly #source: Source | undefined;
  readonly #demand: Demand;
  readonly #framer = new ChunkFramer();
  readonly #leaveCalls = new Map<Subscriber, (reason: CloseReason) => void>();
  readonly #head: HeadWait;
  #lastEventAt: number | undefined;
  #closed: CloseReason | undefined;
  readonly #createdAt: number;

  constructor(name: string, key: string, options: ResolvedChannelOptions, context: ChannelContext) {
    this.name = name;
    this.key = key;
    this.options = options;
    this.metrics = context.metrics;
    this.#context = context;
    const { clock } = context;
    this.#createdAt = clock.now();
    this.#head = new HeadWait(clock);
    this.log = new EventLog({
      pool: context.pool,
      budget: context.budget,
      retainBytes: options.retainBytes,
      retainEvents: options.retainEvents,
      retainAgeMs: options.retainAgeMs,
      epoch: context.epoch,
    });
    this.fanOut = new FanOut({
      log: this.log,
      clock,
      metrics: context.metrics,
      policy: options,
      sliceBytes: options.sliceBytes,
      heartbeatMs: options.heartbeatMs,
      onGap: options.onGap,
      idBefore: (seq) => idBefore(this.log, options.ids, seq),
      gapId: (seq) => gapId(this.log, options.ids, seq),
      onLeave: (subscriber, reason) => this.#left(subscriber, reason),
    });
    this.#ingest = new Ingest({
      log: this.log,
      pool: context.pool,
      engine: memoryEngine(this.log, clock),
      ids: options.ids,
      replay: options.replay,
      onGap: options.onGap,
      maxEventBytes: options.maxEventBytes,
      metrics: context.metrics,
      committed: (events) => this.#committed(events),
    });
    this.#source = context.source?.(
      this.#ingest,
      upstreamObserver(key, context.metrics, context.logger, {
        headKnown: () => this.#head.over(),
        failed: (error) =>
          this.fanOut.end(
            'upstream-failed',
            endFrame(error?.code ?? 'SSE_GATEWAY_UPSTREAM_FAILED', this.retryMs()),
          ),
      }),
    );
    this.#demand = new Demand({
      clock,
      lingerMs: options.lingerMs,
      always: options.always,
      open: () => this.#open(),
      close: () => this.#source?.close('idle'),
    });
  }

  get state(): SourceState {
    if (this.#closed !== undefined) return 'closed';
    return this.#source?.status.state ?? 'open';
  }

  /** The fault that made the channel `failed`. */
  get failure(): GatewayError | undefined {
    return this.state === 'failed' ? this.#source?.status.lastError : undefined;
  }

  /** Milliseconds until a `failed` channel may try again. */
  get retryInMs(): number | undefined {
    const at = this.#source?.status.retryAt;
    return at === undefined ? undefined : Math.max(0, at - this.#context.clock.now());
  }

  /** Nobody wants it and nothing in it is worth keeping. */
  get forgettable(): boolean {
    if (this.#demand.wanted || this.fanOut.size > 0) return false;
    return this.state === 'failed' ? this.retryInMs === 0 : this.log.floorSeq === this.log.tipSeq;
  }

  /** Could be forgotten when room is needed: nobody holds it, though it may linger and its log may hold events. */
  get idle(): boolean {
    return !this.#demand.held && this.fanOut.size === 0;
  }

  /** Opens the upstream now (option `always`). */
  start(): void {
    if (this.options.always) this.#open();
  }

  /** A claim on the upstream, taken before a client's stream begins; the function returned gives it back. */
  claim(): () => void {
    return this.#demand.take();
  }

  /**
   * For the first subscriber: resolves when the connection attempt under way has an outcome, or after `connectWaitMs`.
   * Where others are served already, nobody waits.
   */
  headKnown(): Promise<void> {
    const { connectWaitMs } = this.options;
    if (this.state !== 'connecting' || this.fanOut.size > 0 || connectWaitMs === 0) return Promise.resolve();
    return this.#head.wait(connectWaitMs);
  }

  /** Where a client with this Last-Event-ID goes on; counts nothing. */
  locate(lastEventId: Uint8Array | undefined): Resume {
    return locate(this.log, lastEventId);
  }

  /** Where a client without one begins that asked when the tip was at `askedAt`, and perhaps waited for the head since. */
  fresh(askedAt: number): Resume {
    return fresh(this.log, askedAt);
  }

  /**
   * Begins a client's stream on a response whose head is out.
   * @param left called once, with the reason, when the client is gone
   */
  subscribe(
    response: HttpResponse,
    resume: Resume,
    lastEventId: Uint8Array | undefined,
    left: (reason: CloseReason) => void,
  ): Subscriber {
    const { random, clock } = this.#context;
    const { maxAgeMs } = this.options;
    this.metrics.resumes.add(resume.outcome);
    if (resume.outcome === 'gap') this.metrics.gaps.add(resume.reason);
    const expiresAt =
      maxAgeMs === 0 ? Number.POSITIVE_INFINITY : clock.now() + maxAgeMs * (0.8 + 0.2 * random());
    const subscriber = this.fanOut.join(
      httpSink(response, this.#framer),
      this.log.positionOf(resume.seq),
      expiresAt,
      opening(this.log, this.options, resume, lastEventId, this.retryMs()),
    );
    this.#leaveCalls.set(subscriber, left);
    if (this.#closed !== undefined) subscriber.destroy(this.#closed);
    return subscriber;
  }

  /** A reconnection time for one client, ms: random, so that clients that left together do not come back together. */
  retryMs(): number {
    const { retryMinMs, retryMaxMs } = this.options;
    return Math.round(retryMinMs + (retryMaxMs - retryMinMs) * this.#context.random());
  }

  /** Commits a local event. @throws GatewayError `SSE_GATEWAY_EVENT_INVALID`, `SSE_GATEWAY_GATEWAY_CLOSED` */
  publish(event: LocalEvent): void {
    if (this.#closed !== undefined) throw new GatewayError('GATEWAY_CLOSED', 'the channel is closed');
    this.#ingest.publish(event);
  }

  /** The gateway's tick: retention by age, and the subscribers' heartbeats, stalls and ages. */
  tick(now: number): void {
    this.log.trim(now);
    this.fanOut.tick(now);
    for (const { cursor } of this.fanOut.subscribers) this.metrics.lag.observe(cursor.lag);
    this.fanOut.evictHolders(() => this.#affordable());
  }

  status(): ChannelStatus {
    return channelStatus({
      now: this.#context.clock.now(),
      state: this.state,
      source: this.#source?.status,
      createdAt: this.#createdAt,
      lastEventAt: this.#lastEventAt,
      log: this.log,
      subscribers: this.fanOut.subscribers,
    });
  }

  /** Ends the upstream and every subscriber at once. Final. */
  close(reason: CloseReason): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    this.#demand.end();
    this.#source?.close('shutdown');
    this.#head.over();
    this.fanOut.destroy(reason);
    this.log.close();
  }

  #open(): void {
    if (this.#closed !== undefined) return;
    if (this.state === 'idle') this.#ingest.reopen();
    this.#source?.open();
  }

  /** What only slow clients keep is within bounds: no more than history itself may take, and all logs within budget. */
  #affordable(): boolean {
    return this.log.pinnedBytes <= this.options.retainBytes && !this.#context.budget.exceeded;
  }

  #committed(events: number): void {
    this.#lastEventAt = this.#context.clock.now();
    this.metrics.eventsIn += events;
    this.fanOut.committed(events);
  }

  #left(subscriber: Subscriber, reason: CloseReason): void {
    if (this.fanOut.size === 0) this.#framer.forget();
    const call = this.#leaveCalls.get(subscriber);
    this.#leaveCalls.delete(subscriber);
    call?.(reason);
  }
}
