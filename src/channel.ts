/**
 * One source, one log, many subscribers. It wires the parts and keeps the channel's state; it refuses to know HTTP and
 * how any part does its work.
 */
import { type ChannelStatus, channelStatus } from './channel-status.js';
import type { Clock, Random } from './clock.js';
import { Demand } from './demand.js';
import { diagnose } from './diagnostics.js';
import { ReplayLine } from './downstream/replay-line.js';
import { memoryEngine } from './engine/memory.js';
import { type CloseReason, GatewayError } from './errors.js';
import { endFrame, type GapReason } from './gap.js';
import { HeadWait } from './head-wait.js';
import { Ingest, type LocalEvent } from './ingest.js';
import type { LogBudget } from './log/budget.js';
import { EventLog } from './log/event-log.js';
import type { SlabPool } from './log/pool.js';
import type { Logger } from './logger.js';
import type { ChannelMetrics } from './metrics/channel-metrics.js';
import type { ResolvedChannelOptions } from './options.js';
import { REMEMBERED } from './repeats.js';
import { ReplayAllowance } from './replay-allowance.js';
import { upstreamIdOf } from './resume.js';
import type { Source, SourceFactory, SourceState } from './source.js';
import { Subscribers } from './subscribers.js';
import { upstreamObserver } from './upstream-observer.js';

export interface ChannelContext {
  /** The gateway's name, for tracers. Default `default`. */
  readonly gateway?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly pool: SlabPool;
  readonly budget: LogBudget;
  /** Slices go past the streams of sockets where they can. Default true. */
  readonly directWrites?: boolean;
  /** The epoch of this log's life, above every earlier one. */
  readonly epoch: number;
  readonly metrics: ChannelMetrics;
  /** Undefined: only `publish` fills the log. */
  readonly source: SourceFactory | undefined;
  /** A private request to the same upstream, made once; undefined where it can't be asked. */
  readonly backfill?: SourceFactory | undefined;
  /** Epochs for logs beside the channel's. */
  readonly nextEpoch?: () => number;
  /** Shared by all channels: what their private requests may bring at once. Default: without bounds. */
  readonly allowance?: ReplayAllowance;
  /** Shared too: where those wait who are far behind. Default: one of its own. */
  readonly line?: ReplayLine;
}

export type { ChannelStatus } from './channel-status.js';

export class Channel {
  /** The configured name, and this channel's own (the same but for templates). */
  readonly name: string;
  readonly key: string;
  readonly options: ResolvedChannelOptions;
  readonly metrics: ChannelMetrics;
  readonly log: EventLog;
  readonly subscribers: Subscribers;
  readonly #context: ChannelContext;
  readonly #ingest: Ingest;
  readonly #source: Source | undefined;
  readonly #demand: Demand;
  readonly #head: HeadWait;
  #lastEventAt: number | undefined;
  #openedAt = Number.NEGATIVE_INFINITY;
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
    const place = { gateway: context.gateway ?? 'default', channel: name, key };
    const gap = (reason: GapReason): void => {
      context.metrics.gaps.add(reason);
      diagnose('sse-gateway:gap', () => ({ ...place, reason }));
    };
    this.#head = new HeadWait(clock);
    this.log = new EventLog({
      pool: context.pool,
      budget: context.budget,
      retainBytes: options.retainBytes,
      retainEvents: options.retainEvents,
      retainAgeMs: options.retainAgeMs,
      epoch: context.epoch,
    });
    this.#ingest = new Ingest({
      log: this.log,
      pool: context.pool,
      engine: memoryEngine(this.log, clock),
      ids: options.ids,
      replay: options.replay,
      onGap: options.onGap,
      maxEventBytes: options.maxEventBytes,
      rememberEvents: options.retainEvents + REMEMBERED,
      metrics: context.metrics,
      gap,
      committed: (events) => this.#committed(events),
    });
    this.subscribers = new Subscribers({
      ...context,
      directWrites: context.directWrites ?? true,
      gap,
      log: this.log,
      continuity: this.#ingest.continuity,
      options,
      coldUntil: () => this.#coldUntil(),
      backfill: context.backfill,
      nextEpoch: context.nextEpoch ?? (() => this.log.epoch),
      allowance: context.allowance ?? new ReplayAllowance(),
      line: context.line ?? new ReplayLine(clock),
    });
    this.#source = context.source?.(
      this.#ingest,
      upstreamObserver(key, context.metrics, context.logger, {
        headKnown: () => this.#head.over(),
        connected: () => {
          this.#openedAt = clock.now();
          this.subscribers.opened();
          diagnose('sse-gateway:upstream:open', () => place);
        },
        lost: (reason, error) =>
          diagnose('sse-gateway:upstream:close', () => ({ ...place, reason, code: error?.code })),
        failed: (error) => {
          const code = error?.code ?? 'SSE_GATEWAY_UPSTREAM_FAILED';
          this.subscribers.end('upstream-failed', endFrame(code, this.subscribers.retryMs()));
        },
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
    if (this.#demand.wanted || this.subscribers.size > 0) return false;
    return this.state === 'failed' ? this.retryInMs === 0 : this.log.floorSeq === this.log.tipSeq;
  }

  /** Could be forgotten when room is needed: nobody holds it, though it may linger and its log may hold events. */
  get idle(): boolean {
    return !this.#demand.held && this.subscribers.size === 0;
  }

  /** Clients that are served, and those whose stream is about to begin. */
  get claims(): number {
    return this.#demand.holders;
  }

  /** Opens the upstream now (option `always`). */
  start(): void {
    if (this.options.always) this.#open();
  }

  /**
   * A claim on the upstream, taken before a client's stream begins; the function returned gives it back. A first
   * connection is made behind the id of the client that causes it: nobody can say better where to begin.
   */
  claim(lastEventId?: Uint8Array): () => void {
    const { continuity } = this.#ingest;
    if (this.state === 'idle' || this.state === 'failed') this.#ingest.reopen();
    const { ids } = this.options;
    const asked = lastEventId === undefined ? undefined : upstreamIdOf(this.log, lastEventId, ids);
    if (asked !== undefined && continuity.seedable && ids !== 'gateway') continuity.beginBehind(asked);
    return this.#demand.take();
  }

  /**
   * For the first subscriber: resolves when the connection attempt under way has an outcome, or after `connectWaitMs`.
   * Undefined: there is nothing to wait for. Where others are served already, nobody waits.
   */
  headKnown(): Promise<void> | undefined {
    const { connectWaitMs } = this.options;
    if (this.state !== 'connecting' || this.subscribers.size > 0 || connectWaitMs === 0) return undefined;
    return this.#head.wait(connectWaitMs);
  }

  /** Commits a local event. @throws GatewayError `SSE_GATEWAY_EVENT_INVALID`, `SSE_GATEWAY_CLOSED` */
  publish(event: LocalEvent): void {
    if (this.#closed !== undefined) throw new GatewayError('CLOSED', 'the channel is closed');
    this.#ingest.publish(event);
  }

  /** The gateway's tick: retention by age, and the subscribers' heartbeats, stalls and ages. `sleptMs`: by how much it is late. */
  tick(now: number, sleptMs = 0): void {
    this.log.trim(now);
    // Nobody may be sent here while it has failed, so that no subscriber could be the one to try again.
    const { always, required } = this.options;
    if ((always || required) && this.state === 'failed' && this.retryInMs === 0) this.#open();
    this.subscribers.tick(now, sleptMs);
  }

  status(): ChannelStatus {
    return channelStatus({
      now: this.#context.clock.now(),
      state: this.state,
      source: this.#source?.status,
      createdAt: this.#createdAt,
      lastEventAt: this.#lastEventAt,
      log: this.log,
      subscribers: [...this.subscribers],
    });
  }

  /** Ends the upstream and every subscriber at once. Final. */
  close(reason: CloseReason): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    this.#demand.end();
    this.#source?.close('shutdown');
    this.#head.over();
    this.subscribers.destroy(reason);
    this.log.close();
  }

  #open(): void {
    if (this.#closed !== undefined) return;
    this.#source?.open();
  }

  #committed(events: number): void {
    this.#lastEventAt = this.#context.clock.now();
    this.metrics.eventsIn += events;
    this.subscribers.committed(events);
  }

  /** Until when an id that the log doesn't know may still arrive by itself. */
  #coldUntil(): number {
    if (this.state === 'open') return this.#openedAt + this.options.resumeWaitMs;
    const opening = this.state === 'connecting' || this.state === 'backoff';
    // With an empty log all may come; later only what is asked for, and an upstream that is away can't be asked.
    const empty = this.log.floorSeq === this.log.tipSeq;
    const hope = empty || this.#ingest.continuity.replays;
    return opening && hope ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  }
}
