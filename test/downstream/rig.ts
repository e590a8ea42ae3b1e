/**
 * Fan-out without sockets: sinks whose writes finish when a test says so, and a clock that runs one turn at a time.
 * The sink is strict: it throws on what `Sink` and `SinkOwner` forbid, and finds bytes that changed under a write.
 */
import type { Timer } from '../../src/clock.js';
import { ChunkFramer, type Framed } from '../../src/downstream/chunk-framer.js';
import type { DirectSink, Handle, WriteRequest } from '../../src/downstream/direct-write.js';
import { FanOut, type FanOutOptions } from '../../src/downstream/fan-out.js';
import { ReplayLine } from '../../src/downstream/replay-line.js';
import type { Subscriber } from '../../src/downstream/subscriber.js';
import type { CloseReason } from '../../src/errors.js';
import { gapId, idBefore } from '../../src/gap-ids.js';
import { Batch } from '../../src/log/batch.js';
import { EventLog, type EventLogOptions } from '../../src/log/event-log.js';
import { SlabPool } from '../../src/log/pool.js';
import type { Slice } from '../../src/log/slice.js';
import { ChannelMetrics } from '../../src/metrics/channel-metrics.js';
import type { Sink, SinkOwner } from '../../src/sink.js';
import { ManualClock } from '../helpers/manual-clock.js';
import { kLastWriteWasAsync, streamBaseState } from '../helpers/stream-wrap.js';

/** A manual clock whose turns run one by one, and that moves on by `cost` ms at every look. */
export class TurnClock extends ManualClock {
  cost = 0;
  #spent = 0;
  readonly #queue: (() => void)[] = [];

  override now(): number {
    this.#spent += this.cost;
    return super.now() + this.#spent;
  }

  override turn(fn: () => void): Timer {
    this.#queue.push(fn);
    return {
      cancel: () => {
        const at = this.#queue.indexOf(fn);
        if (at >= 0) this.#queue.splice(at, 1);
      },
    };
  }

  get turns(): number {
    return this.#queue.length;
  }

  /** Runs the first turn that was asked for; false when there is none. */
  runTurn(): boolean {
    const fn = this.#queue.shift();
    fn?.();
    return fn !== undefined;
  }

  override runTurns(): void {
    for (let ran = 0; this.runTurn(); ran += 1) if (ran > 10_000) throw new Error('turns without end');
  }
}

export class FakeSink implements Sink {
  /** Writes finish inside `write`. */
  sync: boolean;
  /** What a client got, write by write. */
  readonly received: Buffer[] = [];
  writes = 0;
  ended = false;
  destroyed = false;
  gone = false;
  last: Buffer | undefined;
  #owner: SinkOwner | undefined;
  #underWay: { readonly bytes: Buffer; readonly before: Buffer } | undefined;

  constructor(sync = false) {
    this.sync = sync;
  }

  attach(owner: SinkOwner): void {
    if (this.#owner !== undefined) throw new Error('attached twice');
    this.#owner = owner;
  }

  write(slice: Slice): boolean {
    this.begin(slice.bytes);
    if (this.sync) this.received.push(this.take());
    return this.sync;
  }

  writePrivate(bytes: Buffer): void {
    this.begin(bytes);
    if (this.sync) this.finish();
  }

  protected begin(bytes: Buffer): void {
    if (this.#owner === undefined) throw new Error('a write before attach');
    if (this.#underWay !== undefined) throw new Error('a second write while one is under way');
    if (this.ended) throw new Error('a write after the end');
    if (bytes.length === 0) throw new Error('a write of nothing, which would end a chunked body');
    this.writes += 1;
    this.#underWay = { bytes, before: Buffer.from(bytes) };
  }

  end(last?: Buffer): void {
    if (this.ended) throw new Error('ended twice');
    this.ended = true;
    this.last = last;
  }

  destroy(): void {
    this.destroyed = true;
  }

  get writing(): boolean {
    return this.#underWay !== undefined;
  }

  get text(): string {
    return Buffer.concat(this.received).toString();
  }

  /** The write under way is over. */
  finish(delivered = true): void {
    if (this.#underWay === undefined) return;
    const bytes = this.take();
    if (delivered) this.received.push(bytes);
    this.#owner?.written(delivered);
  }

  /** What was written, as it was then. */
  protected take(): Buffer {
    const { bytes, before } = this.#underWay!;
    if (!bytes.equals(before)) throw new Error('bytes changed while a write held them');
    this.#underWay = undefined;
    return before;
  }

  /** The connection is over: what was under way is let go of, then the owner is told. */
  close(failed = false): void {
    if (this.gone) return;
    this.gone = true;
    this.finish(false);
    this.#owner?.closed(failed);
  }

  /** As a socket at peace: what was written is delivered, and what was ended is closed. */
  settle(): void {
    if (this.gone) return;
    if (this.destroyed) this.close();
    else {
      this.finish();
      if (this.ended && !this.writing) {
        if (this.last !== undefined) this.received.push(this.last);
        this.close();
      }
    }
  }
}

/** A sink whose slices may be written past it: `sync` says whether such a write is taken at once. */
export class DirectFakeSink extends FakeSink implements DirectSink {
  readonly chunked: boolean;
  /** Slices that came past it. */
  past = 0;
  /** Its socket takes nothing any more, and nobody was told; the same behind so many slices. */
  deaf = false;
  deafBehind = Number.POSITIVE_INFINITY;
  #framed: Framed | undefined;

  readonly handle: Handle = {
    writeBuffer: (_, bytes) => {
      if (this.gone || this.destroyed || this.deaf || this.past >= this.deafBehind) return -9;
      this.past += 1;
      this.begin(bytes);
      streamBaseState[kLastWriteWasAsync] = this.sync ? 0 : 1;
      if (this.sync) this.received.push(this.take());
      return 0;
    },
  };

  constructor(sync: boolean, chunked: boolean) {
    super(sync);
    this.chunked = chunked;
  }

  holds(_: WriteRequest, framed: Framed | undefined): void {
    framed?.pin();
    this.#framed = framed;
  }

  protected override take(): Buffer {
    const bytes = super.take();
    this.#framed?.unpin();
    this.#framed = undefined;
    // A size line, the content, and a line end.
    const chunk = this.chunked ? /^[0-9a-f]+\r\n/.exec(bytes.toString('latin1')) : null;
    return chunk === null ? bytes : bytes.subarray(chunk[0].length, -2);
  }
}

export interface Rig {
  readonly clock: TurnClock;
  readonly pool: SlabPool;
  readonly log: EventLog;
  readonly metrics: ChannelMetrics;
  readonly fanOut: FanOut;
  readonly leaves: { readonly subscriber: Subscriber; readonly reason: CloseReason }[];
  /** Commits events of these sizes in bytes; each says its seq. */
  commit(...sizes: number[]): void;
  join(sink: FakeSink, seq?: number, expiresAt?: number): Subscriber;
  /** offered − out − dropped − pending, with those of the rig beside: 0 while the books are right. */
  books(): number;
}

export type RigOptions = Partial<
  Pick<FanOutOptions, 'sliceBytes' | 'coalesceMs' | 'heartbeatMs' | 'passStride' | 'onGap'> &
    FanOutOptions['policy'] &
    Pick<EventLogOptions, 'retainBytes' | 'retainEvents' | 'retainAgeMs' | 'firstSeq'>
> & { readonly onLeave?: FanOutOptions['onLeave']; readonly onTip?: FanOutOptions['onTip'] };

export const PREAMBLE = Buffer.from(':\nretry: 1000\n\n');

/** @param beside a rig whose clock, pool, figures and leaves this one shares, as the logs of one channel do */
export function makeRig(options: RigOptions = {}, beside?: Rig): Rig {
  const clock = beside?.clock ?? new TurnClock();
  const pool = beside?.pool ?? new SlabPool({ poison: true });
  const metrics = beside?.metrics ?? new ChannelMetrics();
  const { onSlow = 'skip', stalledMs = 30_000, onGap = 'signal' } = options;
  const { sliceBytes = 65_536, coalesceMs = 0, heartbeatMs = 15_000 } = options;
  const log = new EventLog({
    pool,
    epoch: 1,
    firstSeq: options.firstSeq ?? 1,
    retainBytes: options.retainBytes ?? Number.POSITIVE_INFINITY,
    retainEvents: options.retainEvents ?? Number.POSITIVE_INFINITY,
    retainAgeMs: options.retainAgeMs ?? Number.POSITIVE_INFINITY,
  });
  const leaves: Rig['leaves'] = beside?.leaves ?? [];
  const fanOut = new FanOut({
    line: new ReplayLine(clock),
    ...{ log, clock, metrics, policy: { onSlow, stalledMs }, sliceBytes, coalesceMs, heartbeatMs, onGap },
    framer: new ChunkFramer(pool),
    ...(options.passStride === undefined ? {} : { passStride: options.passStride }),
    idBefore: (seq) => idBefore(log, 'auto', seq),
    gapId: (seq) => gapId(log, 'auto', seq),
    gap: (reason) => metrics.gaps.add(reason),
    farewell: () => Buffer.from('retry: 1\n\n'),
    onTip: options.onTip,
    onLeave(subscriber, reason) {
      leaves.push({ subscriber, reason });
      options.onLeave?.(subscriber, reason);
    },
  });
  return {
    ...{ clock, pool, log, metrics, fanOut, leaves },
    commit(...sizes) {
      const batch = new Batch(pool);
      for (const [i, size] of sizes.entries()) {
        const head = `data: ${log.tipSeq + i} `;
        const frame = Buffer.from(`${head.padEnd(size - 2, 'x')}\n\n`);
        const at = batch.reserve(frame.length);
        frame.copy(batch.buffer, at);
        batch.push(frame.length, 0, -1, 0);
      }
      log.append(batch, clock.now());
      batch.reset();
      fanOut.committed(sizes.length);
    },
    join: (sink, seq = log.tipSeq, expiresAt = Number.POSITIVE_INFINITY) =>
      fanOut.join(sink, log.positionOf(seq), expiresAt, PREAMBLE),
    books() {
      const all = [...fanOut.subscribers, ...(beside?.fanOut.subscribers ?? [])];
      const pending = all.reduce((sum, subscriber) => sum + subscriber.pending, 0);
      return metrics.eventsOffered - metrics.eventsOut - metrics.eventsDropped.total - pending;
    },
  };
}

export type Part =
  | { readonly kind: 'event'; readonly seq: number }
  | { readonly kind: 'gap'; readonly lost: number | null; readonly reason: string }
  | { readonly kind: 'comment' };

/** What a client's bytes say, block by block; throws on anything that is not whole. */
export function partsOf(text: string): Part[] {
  if (text === '') return [];
  if (!text.endsWith('\n\n')) throw new Error(`the stream ends inside a block: ${text.slice(-40)}`);
  return text
    .slice(0, -2)
    .split('\n\n')
    .map((block): Part => {
      const event = /^data: (\d+) x*$/.exec(block);
      if (event !== null) return { kind: 'event', seq: Number(event[1]) };
      const gap = /^event: gateway\.gap\ndata: (.*)$/.exec(block);
      if (gap !== null) {
        const { lost, reason } = JSON.parse(gap[1]!) as { lost: number | null; reason: string };
        return { kind: 'gap', lost, reason };
      }
      if (block.startsWith(':')) return { kind: 'comment' };
      throw new Error(`a block that nobody wrote: ${JSON.stringify(block.slice(0, 80))}`);
    });
}

export function eventsOf(text: string): number[] {
  return partsOf(text).flatMap((part) => (part.kind === 'event' ? [part.seq] : []));
}
