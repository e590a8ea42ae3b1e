/**
 * The one place where SSE meets the log: parsed events become frames with settled ids, in batches that the engine
 * commits. It decides which id a client sees and where a break in the upstream is told; it refuses to know sockets,
 * clients and when anything is sent.
 */
import { Continuity, type Replay } from './continuity.js';
import { EventDecoder } from './decoder.js';
import type { Engine } from './engine/engine.js';
import { GatewayError } from './errors.js';
import { type GapReason, gapFrame } from './gap.js';
import { type IdMode, idBefore } from './gap-ids.js';
import { Minter, mint, mintBytes } from './ids.js';
import { Batch } from './log/batch.js';
import type { EventLog } from './log/event-log.js';
import type { SlabPool } from './log/pool.js';
import type { ChannelMetrics } from './metrics/channel-metrics.js';
import { markOf } from './repeats.js';
import type { Inlet } from './source.js';
import { frameSize, writeFrame } from './sse/encoder.js';
import { FramePlace } from './sse/frame.js';
import { checkLocal, type LocalEvent, localSize, prepareLocal, writeLocal } from './sse/local.js';
import type { EventRecords } from './sse/records.js';

export type { LocalEvent } from './sse/local.js';

/** What the log's 16-bit tag says of an event. */
export const TAG = { EVENT: 0, GAP: 1 } as const;

export interface IngestOptions {
  readonly log: EventLog;
  readonly pool: SlabPool;
  readonly engine: Engine;
  readonly ids: IdMode;
  /** Whether an upstream that was sent an id replays what was missed. */
  readonly replay: Replay;
  /** `silent`: a break in the upstream is counted, and told to nobody. */
  readonly onGap: 'signal' | 'reject' | 'silent';
  readonly maxEventBytes: number;
  readonly metrics: ChannelMetrics;
  /** Counts and traces a gap. */
  readonly gap: (reason: GapReason) => void;
  /** Events by which a repeat is recognised after a reconnect: what the log may hold, and some more. */
  readonly rememberEvents: number;
  /** So many events were committed. */
  readonly committed: (events: number) => void;
  /** Looks at each event that has an upstream id before it is taken; true: it and all behind it are not wanted. */
  readonly until?: (id: Uint8Array, frame: Uint8Array) => boolean;
}

/** What `publish` takes, for whoever gave it something else. */
const LOCAL_FORM =
  'It is { id?, event?, data }: strings without CR, LF and NUL, and data as a string or bytes';

export class Ingest implements Inlet {
  readonly #options: IngestOptions;
  readonly #decoder: EventDecoder;
  readonly #place = new FramePlace();
  readonly #minter = new Minter();
  #filling: Batch;
  #spare: Batch;
  /** Events in the batch that the engine has; 0 when it has none. */
  #committing = 0;
  #nextSeq: number;
  readonly continuity: Continuity;
  /** The newest id field of the run that is being framed and the one before it, as offsets; −1: none yet. */
  #runFrom = -1;
  #runTo = -1;
  #beforeFrom = -1;
  #beforeTo = -1;
  #runSeq = 0;
  #stopped = false;
  /** There was a connection, ids were minted, and what they named is forgotten, while the next connection goes on from nowhere. */
  #connected = false;
  #minted = false;
  #forgotten = false;
  #retryMs: number | undefined;
  #events = 0;

  constructor(options: IngestOptions) {
    this.#options = options;
    this.continuity = new Continuity(options.replay, options.rememberEvents);
    const { maxEventBytes, pool } = options;
    this.#decoder = new EventDecoder(
      maxEventBytes,
      (bytes, records) => this.#frameAll(bytes, records),
      () => {
        options.metrics.eventsRepaired += 1;
      },
    );
    this.#filling = new Batch(pool);
    this.#spare = new Batch(pool);
    this.#nextSeq = options.log.tipSeq;
  }

  get cursor(): Uint8Array | undefined {
    return this.continuity.asked;
  }

  get retryMs(): number | undefined {
    return this.#retryMs;
  }

  get events(): number {
    return this.#events;
  }

  get cursorIsClients(): boolean {
    return this.continuity.seeded;
  }

  forgetClientsCursor(): void {
    this.continuity.forgetSeed();
  }

  /** The upstream is about to be opened after a rest. */
  reopen(): void {
    const { log } = this.#options;
    this.continuity.reopen(log.floorSeq, log.tipSeq);
    // Minted ids outlive the events that carried them, and name the place where the next connection begins.
    if (this.#connected && this.#minted && log.floorSeq === log.tipSeq) this.#forgotten = true;
  }

  begin(resumed: boolean, elsewhere = false): void {
    this.#decoder.reset();
    this.#events = 0;
    if (elsewhere) {
      this.continuity.leave();
      this.#retryMs = undefined;
    }
    const forgotten = this.#forgotten;
    this.#connected = true;
    this.#forgotten = false;
    if (forgotten) this.#break();
    if (this.continuity.begin(resumed, this.#nextSeq) && !forgotten) this.#break();
    this.#flush();
  }

  write(chunk: Buffer): 'event-too-large' | undefined {
    const code = this.#decoder.feed(chunk);
    if (this.#decoder.retry >= 0) this.#retryMs = this.#decoder.retry;
    this.#flush();
    return code;
  }

  end(): void {
    this.#decoder.reset();
  }

  /** Commits a local event. @throws GatewayError `SSE_GATEWAY_EVENT_INVALID` */
  publish(event: LocalEvent): void {
    const code = checkLocal(event);
    if (code !== undefined)
      throw new GatewayError('EVENT_INVALID', `the event cannot be framed: ${code}. ${LOCAL_FORM}`);
    const prepared = prepareLocal(event);
    const own = this.#options.ids !== 'gateway' && prepared.id !== undefined && prepared.id.length > 0;
    const id = own ? undefined : this.#mint(this.continuity.cursor);
    const at = this.#filling.reserve(localSize(prepared, id));
    this.#push(writeLocal(this.#filling.buffer, at, prepared, id, this.#place), id === undefined);
    this.#flush();
  }

  /** Frames a run of valid events, and keeps its newest id field as the upstream cursor. */
  #frameAll(bytes: Buffer, records: EventRecords): void {
    this.#runFrom = -1;
    this.#beforeFrom = -1;
    for (let i = 0; i < records.count && !this.#stopped; i += 1) this.#frame(bytes, records, i);
    if (this.#runFrom < 0) return;
    const id = copied(bytes, this.#runFrom, this.#runTo);
    this.continuity.advance(id, copied(bytes, this.#beforeFrom, this.#beforeTo), this.#runSeq);
  }

  #frame(bytes: Buffer, records: EventRecords, i: number): void {
    const { continuity } = this;
    if (records.lineCount(i) === 0) {
      // An id alone says nothing new while the upstream still repeats what came before.
      if (!continuity.leading) this.#track(records, i, this.#nextSeq - 1);
      return;
    }
    this.#events += 1;
    const own = records.idEnd(i) > records.idStart(i);
    const mark = own ? markOf(bytes, records, i) : undefined;
    if (mark !== undefined && continuity.repeats(mark)) {
      this.#options.metrics.eventsRepeated += 1;
      return;
    }
    if (continuity.breaks()) this.#break();
    if (records.hasId(i) && !own) this.#track(records, i, this.#nextSeq);
    const id = this.#idFor(own, bytes);
    const at = this.#filling.reserve(frameSize(records, i, id));
    const length = writeFrame(this.#filling.buffer, at, bytes, records, i, id, this.#place);
    if (own) {
      if (this.#unwanted(bytes, records, i, at, length)) return;
      this.#track(records, i, this.#nextSeq);
    }
    this.#push(length, id === undefined);
    continuity.note(mark);
  }

  #track(records: EventRecords, i: number, seq: number): void {
    this.#beforeFrom = this.#runFrom;
    this.#beforeTo = this.#runTo;
    this.#runFrom = records.idStart(i);
    this.#runTo = records.idEnd(i);
    this.#runSeq = seq;
  }

  #unwanted(bytes: Buffer, records: EventRecords, i: number, at: number, length: number): boolean {
    const { until } = this.#options;
    if (until === undefined) return false;
    const id = bytes.subarray(records.idStart(i), records.idEnd(i));
    this.#stopped = until(id, this.#filling.buffer.subarray(at, at + length));
    return this.#stopped;
  }

  /** The id to write instead of the block's own; undefined: the block's own, or none. */
  #idFor(own: boolean, bytes: Buffer): string | Uint8Array | undefined {
    if (this.#options.ids !== 'auto') return this.#mint(undefined);
    return own ? undefined : this.#mint(this.#cursorIn(bytes));
  }

  /** The id of the next event, which follows the upstream's `cursor`; none in mode `upstream`. */
  #mint(cursor: Uint8Array | undefined): string | Uint8Array | undefined {
    const { ids, log } = this.#options;
    if (ids === 'upstream') return undefined;
    this.#minted = true;
    if (ids === 'gateway' || cursor === undefined) return this.#minter.id(this.#nextSeq, log.epoch);
    return mintBytes(this.#nextSeq, log.epoch, cursor);
  }

  /** The upstream's last event id at this point of the run: a view on `bytes`, or the one kept from before. */
  #cursorIn(bytes: Buffer): Uint8Array | undefined {
    if (this.#runFrom < 0) return this.continuity.cursor;
    return this.#runFrom === this.#runTo ? undefined : bytes.subarray(this.#runFrom, this.#runTo);
  }

  /** Continuity is not known from here on: told to everyone, at this place in the history. */
  #break(): void {
    const { log, ids, gap, onGap } = this.#options;
    gap('upstream');
    if (onGap === 'silent') return;
    const seq = this.#nextSeq;
    const from = idBefore(log, ids, seq);
    const id = ids === 'gateway' ? mint(seq, log.epoch) : undefined;
    const frame = gapFrame({ from, resume: id ?? from, lost: null, repeats: true, reason: 'upstream' }, id);
    const at = this.#filling.reserve(frame.length);
    frame.copy(this.#filling.buffer, at);
    this.#filling.push(frame.length, 0, -1, TAG.GAP);
    this.#nextSeq += 1;
  }

  /** Closes the event just written; an id that is not minted is indexed, minted ones are arithmetic. */
  #push(length: number, indexed: boolean): void {
    const { idOffset, idLength } = this.#place;
    this.#filling.push(length, idOffset, indexed && idLength > 0 ? idLength : -1, TAG.EVENT);
    this.#nextSeq += 1;
  }

  /** One batch is with the engine at a time; what arrives meanwhile is the next one. */
  #flush(): void {
    if (this.#committing > 0) return;
    // Room may have been made for an event that turned out not to be wanted.
    if (this.#filling.count === 0) {
      this.#filling.reset();
      return;
    }
    const batch = this.#filling;
    this.#filling = this.#spare;
    this.#spare = batch;
    this.#committing = batch.count;
    batch.firstSeq = this.#nextSeq - batch.count;
    this.#options.engine.append(batch, this.#committed);
  }

  readonly #committed = (): void => {
    const events = this.#committing;
    this.#committing = 0;
    this.#spare.reset();
    this.#options.committed(events);
    this.#flush();
  };
}

/** A copy of a few bytes, on the heap rather than in a slice of Node's buffer pool, which it would hold. */
function copied(bytes: Buffer, from: number, to: number): Uint8Array | undefined {
  if (from < 0 || from >= to) return undefined;
  const copy = new Uint8Array(to - from);
  for (let k = from; k < to; k++) copy[k - from] = bytes[k]!;
  return copy;
}
