/**
 * Those who ask for what the channel's log does not hold, all with the same id: they wait for it, or the upstream is asked
 * privately (a backfill), and what it answers is read from a log of their own until that meets the channel's. It owns
 * that log and the request; it refuses to decide when to ask, and how many may.
 *
 *   waiting ──► reading ──► met: everyone goes on in the channel's log, nothing lost, nothing twice
 *      │            └─────► lost: everyone goes on at its floor and is told
 *      └──► met (the id arrived in the channel's log)
 */
import type { FanOut } from './downstream/fan-out.js';
import type { Subscriber } from './downstream/subscriber.js';
import { memoryEngine } from './engine/memory.js';
import type { CloseReason, ErrorCode } from './errors.js';
import { Ingest } from './ingest.js';
import { EventLog } from './log/event-log.js';
import type { ReadThroughHost } from './read-throughs.js';
import { REMEMBERED } from './repeats.js';
import type { Sink } from './sink.js';
import type { Inlet, Source, SourceFactory, SourceObserver } from './source.js';

/** Where everyone goes on: a seq of the channel's log, or its floor with a gap. */
type Outcome = { readonly seq: number } | 'lost';

/** What is read is bounded in bytes; how many events that is, and how old, does not matter. */
const UNBOUNDED = 2 ** 31 - 1;

/** Requests that may break off, each made again from where it stood: a network that is that bad is a gap's reason. */
const MAX_BROKEN = 4;

export class ReadThrough {
  /** The upstream id behind which the clients go on; empty: they asked for nothing. */
  readonly from: Uint8Array;
  /** Their ids were minted by another life of the gateway: they may have had some of what follows, and are told. */
  readonly repeats: boolean;
  readonly fanOut: FanOut;
  readonly #host: ReadThroughHost;
  readonly #log: EventLog;
  #ingest: Ingest | undefined;
  #source: Source | undefined;
  #broken = 0;
  /** The request under way was answered with a stream that goes on behind the id. */
  #answered = false;
  #bytes = 0;
  #outcome: Outcome | undefined;
  /** When the upstream last sent something for it (ms); Infinity: it has not answered. */
  heardAt = Number.POSITIVE_INFINITY;

  constructor(from: Uint8Array, repeats: boolean, host: ReadThroughHost) {
    this.from = from;
    this.repeats = repeats;
    this.#host = host;
    const { pool, budget, replayBytes } = host;
    const retain = { retainBytes: replayBytes * 2, retainEvents: UNBOUNDED, retainAgeMs: UNBOUNDED };
    this.#log = new EventLog({ pool, budget, private: true, ...retain, epoch: host.nextEpoch() });
    this.fanOut = host.fanOut(this.#log, (subscriber) => this.#goOn(subscriber));
  }

  /** Nobody knows yet how it ends. */
  get open(): boolean {
    return this.#outcome === undefined;
  }

  /** All that was read is still there. */
  get whole(): boolean {
    return this.#log.floorSeq === 1;
  }

  /** The last id that its clients have. */
  get needs(): Uint8Array {
    return this.#ingest?.continuity.cursor ?? this.from;
  }

  join(sink: Sink, expiresAt: number, first: Buffer): Subscriber {
    const subscriber = this.fanOut.join(sink, this.#log.floor, expiresAt, first);
    if (!this.open) this.fanOut.wake();
    return subscriber;
  }

  /** Asks the upstream for what follows the id, or what was read so far. */
  ask(source: SourceFactory): void {
    this.#ingest ??= this.#startIngest();
    this.#answered = false;
    // How long an answer may take is the request's own to limit.
    this.heardAt = Number.POSITIVE_INFINITY;
    this.#source?.close('shutdown');
    this.#source = source(this.#bounded(this.#ingest), this.#observer());
    this.#source.open();
  }

  /**
   * Looks whether the channel's log goes on behind what was read: whether it holds the last event, byte for byte. One
   * without an id can't be found, and behind the id before it would come what the clients have.
   */
  look(): void {
    const last = this.#log.tipSeq - 1;
    const seq = last > 0 ? this.#behind(last) : this.#host.behind(this.from);
    if (seq >= 0 && (last === 0 || this.#host.lasts(seq))) this.#settle({ seq });
  }

  /** Gives its place to others: the request is made again later, from where it stands. */
  rest(): void {
    this.#source?.close('shutdown');
    this.#host.again(this);
  }

  /** Everyone goes on at a place of the channel's log. */
  goOnAt(seq: number): void {
    this.#settle({ seq });
  }

  /** No more can be had: what was read may do, if it reaches the channel's log at all. */
  lose(): void {
    const last = this.#log.tipSeq - 1;
    const seq = last > 0 ? this.#behind(last) : -1;
    this.#settle(seq < 0 ? 'lost' : { seq });
  }

  /** Ends the request, and the log once it is read. Everyone must be gone or going. */
  close(reason: CloseReason): void {
    this.#outcome ??= 'lost';
    this.#source?.close('shutdown');
    this.fanOut.destroy(reason);
    this.#log.close();
  }

  #startIngest(): Ingest {
    const { clock, metrics, gap, options } = this.#host;
    const ingest = new Ingest({
      log: this.#log,
      pool: this.#host.pool,
      engine: memoryEngine(this.#log, clock),
      ids: options.ids,
      replay: true,
      onGap: options.onGap,
      maxEventBytes: options.maxEventBytes,
      rememberEvents: REMEMBERED,
      metrics,
      gap,
      committed: (events) => this.fanOut.committed(events),
      until: (id, frame) => this.#meets(id, frame),
    });
    ingest.continuity.advance(this.from, undefined, 0);
    return ingest;
  }

  /** Seq at which the channel's log goes on behind an event of this one; −1: it doesn't hold it. */
  #behind(own: number): number {
    const id = this.#log.idOf(own);
    const seq = id === undefined ? -1 : this.#host.holds(id, this.#log.frameOf(own)!);
    return seq < 0 ? -1 : seq + 1;
  }

  /**
   * An event that the channel's log holds, byte for byte: from there on it is the channel's. Not at its floor, where it
   * would be trimmed before the clients have read what leads there.
   */
  #meets(id: Uint8Array, frame: Uint8Array): boolean {
    if (!this.open) return true;
    const seq = this.#host.holds(id, frame);
    if (seq < 0 || !this.#host.lasts(seq)) return false;
    this.#settle({ seq });
    return true;
  }

  #brokeOff(code: ErrorCode | undefined): void {
    if (!this.open) return;
    // An event that is too large comes again.
    const worthIt = this.#answered && code !== 'SSE_GATEWAY_UPSTREAM_EVENT_TOO_LARGE';
    this.#broken += 1;
    if (worthIt && this.#broken < MAX_BROKEN) this.#host.again(this);
    else this.lose();
  }

  #settle(outcome: Outcome): void {
    if (!this.open) return;
    this.#outcome = outcome;
    this.#source?.close('shutdown');
    this.#host.settled(this);
    this.fanOut.wake();
  }

  /** A subscriber has read everything here. */
  #goOn(subscriber: Subscriber): void {
    const outcome = this.#outcome;
    if (outcome === undefined) return;
    this.#host.goOn(subscriber, this, outcome === 'lost' ? undefined : outcome.seq);
  }

  /** The inlet for the request: no more bytes than a replay may have, and an end that is none of the channel's. */
  #bounded(ingest: Ingest): Inlet {
    return {
      get cursor() {
        return ingest.cursor;
      },
      retryMs: undefined,
      get events() {
        return ingest.events;
      },
      begin: (resumed) => {
        this.#answered = resumed;
        this.heardAt = this.#host.clock.now();
        if (resumed) ingest.begin(resumed);
        else this.lose();
      },
      write: (chunk) => {
        if (!this.open) return undefined;
        this.heardAt = this.#host.clock.now();
        const code = ingest.write(chunk);
        this.#bytes += chunk.length;
        if (this.#bytes > this.#host.replayBytes) this.lose();
        return code;
      },
      end: () => ingest.end(),
    };
  }

  /** A request that breaks off is made again; any other end of it before it met the channel's log loses. */
  #observer(): SourceObserver {
    return {
      stateChanged: ({ state, lastError }) => {
        if (state === 'failed' || state === 'backoff') this.#brokeOff(lastError?.code);
      },
      connecting() {},
      connected() {},
      disconnected() {},
      cursorWithheld: () => {
        this.#host.metrics.cursorsUnsendable += 1;
      },
      received: (bytes) => {
        this.#host.metrics.bytesIn += bytes;
      },
    };
  }
}
