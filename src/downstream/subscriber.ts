/**
 * One client's end of the log: a cursor and a sink, and at most one write between them. It refuses to queue: what the
 * client has not got yet is its position in the log and nothing else.
 *
 *   commit ─► fan-out ─► pump: read a slice at the cursor, pin, write ─► taken at once: count, unpin, the next
 *                                                                └─► or `written`, later: the same, and pump again
 */
import type { CloseReason } from '../errors.js';
import { type GapReason, gapFrame } from '../gap.js';
import { TAG } from '../ingest.js';
import type { Cursor } from '../log/cursor.js';
import type { Slice } from '../log/slice.js';
import type { Sink, SinkOwner } from '../sink.js';
import { HEARTBEAT } from '../sse/control.js';
import type { DirectSink } from './direct-write.js';
import type { UnderWay } from './front.js';
import { lagVerdict } from './lag-policy.js';
import type { Late } from './replay-line.js';
import type { SubscriberHost } from './subscriber-host.js';

/** Slices that one writes in a row before it is asked how far behind it is: at the head it is two where a segment ends. */
const IN_A_ROW = 2;

export class Subscriber implements SinkOwner, Late {
  /** When the stream must end (monotonic ms; Infinity: never). */
  readonly expiresAt: number;
  /** Its place among those who read the log; kept by the front. */
  place = -1;
  /** Called once, when it is gone. */
  onLeft: ((reason: CloseReason) => void) | undefined;
  #host: SubscriberHost;
  /** Undefined: it stands at the front. */
  #cursor: Cursor | undefined;
  readonly #sink: Sink;
  #writing = false;
  #writingSince: number;
  #inFlight: Slice | undefined;
  #ending: CloseReason | undefined;
  #left = false;
  /** It is far behind, and waits for its turn to read. */
  #inLine = false;
  /** Bytes of its own that it gets before the next slice. */
  #owed: Buffer | undefined;
  /** The delivery that is timed: the event's seq (0: none), and when it was committed. */
  #sampledSeq = 0;
  #sampledAt = 0;

  constructor(host: SubscriberHost, sink: Sink, cursor: Cursor, expiresAt: number) {
    this.#host = host;
    this.#sink = sink;
    this.#cursor = cursor;
    this.expiresAt = expiresAt;
    this.#writingSince = host.turnNow;
  }

  /** Begins the stream with bytes of its own (preamble, and the gap it starts with, if any). */
  begin(first: Buffer): void {
    this.#sink.attach(this);
    this.#writePrivate(first);
  }

  /** Where it stands; not to be moved. */
  get cursor(): Cursor {
    return this.#cursor ?? this.#host.cursorOf(this);
  }

  /** Its own cursor, which it needs where its way parts from that of the others. */
  #own(): Cursor {
    this.leaveFront();
    return this.#cursor!;
  }

  /** From now on it is pumped; no effect when it is. */
  leaveFront(): void {
    if (this.#cursor !== undefined) return;
    this.#writingSince = this.#wroteAt;
    this.#cursor = this.#host.release(this);
  }

  /** The front went on without it: it stands here, with a write under way that was made past its sink, if any. */
  fallBack(cursor: Cursor, underWay: UnderWay | undefined): void {
    this.#cursor = cursor;
    this.#writingSince = this.#host.turnNow;
    if (underWay === undefined) {
      this.pump();
      return;
    }
    const { slice, request, framed } = underWay;
    slice.pin();
    this.#writing = true;
    this.#inFlight = slice;
    // Only one of these was let in.
    (this.#sink as DirectSink).holds(request, framed);
  }

  /**
   * Goes on in another log: with all of the old one read, at the cursor of the new one.
   * @param told the gap between the two, if there is one
   */
  move(host: SubscriberHost, cursor: Cursor, told: Buffer | undefined): void {
    this.#host = host;
    this.#cursor = cursor;
    this.#owed = told;
    this.#sampledSeq = 0;
  }

  /** Events offered to this client whose fate is open: unread ones and those under way. */
  get pending(): number {
    return this.cursor.pending + (this.#inFlight?.events ?? 0);
  }

  /** Position of the oldest byte this subscriber pins, −1 without a write of log bytes under way. */
  get pinnedFrom(): number {
    return this.#inFlight?.from ?? -1;
  }

  /** True once an end was asked for. */
  get ending(): boolean {
    return this.#ending !== undefined;
  }

  /** Times the delivery of the newest event, committed at `committedAt`, unless one is being timed or all is read. */
  sample(committedAt: number): void {
    if (this.#sampledSeq > 0 || this.cursor.pending === 0) return;
    this.#sampledSeq = this.#own().log.tipSeq - 1;
    this.#sampledAt = committedAt;
  }

  /** When the timed event was committed, once, if what was read so far has it in it. */
  takeSample(): number | undefined {
    if (this.#sampledSeq === 0 || this.cursor.seq <= this.#sampledSeq) return undefined;
    this.#sampledSeq = 0;
    return this.#sampledAt;
  }

  /** Writes what there is to write, until a write is under way or others come first; no effect while that is so. */
  pump(): void {
    const cursor = this.#own();
    for (let row = 0; !this.#writing && !this.#inLine && this.#ending === undefined; row += 1) {
      if (row >= IN_A_ROW && this.#getsInLine()) return;
      if (this.#owed !== undefined) {
        const owed = this.#owed;
        this.#owed = undefined;
        this.#writePrivate(owed);
        return;
      }
      if (this.#host.onGap === 'reject' && this.#atBreak) {
        this.stop('gap-rejected');
        return;
      }
      const slice = cursor.read(this.#host.sliceBytes);
      if (slice === undefined) {
        this.#readNothing(cursor);
        return;
      }
      this.#writingSince = this.#host.turnNow;
      if (this.#sink.write(slice)) {
        this.#host.delivered(this, slice.events, slice.bytes.length);
        slice.unpin();
      } else {
        this.#writing = true;
        this.#inFlight = slice;
      }
    }
  }

  /**
   * The periodic look: lag and stall that a blocked reader can't notice, age, and the heartbeat of a silent stream.
   * @param sleptMs by how much the look is late: the process was stopped, or its event loop blocked
   */
  tick(now: number, heartbeatMs: number, sleptMs = 0): void {
    if (this.#left) return;
    // Nobody took anything while we slept, however well they read. A silence it was all the same.
    if (this.#writing || this.#ending !== undefined)
      this.#writingSince = Math.min(now, this.#writingSince + sleptMs);
    this.#judge(now);
    if (this.#ending !== undefined) return;
    if (now >= this.expiresAt) this.end('max-age', this.#host.farewell());
    else if (!this.#writing && now - this.#wroteAt >= heartbeatMs) this.#writePrivate(HEARTBEAT);
  }

  get #wroteAt(): number {
    if (this.#cursor !== undefined) return this.#writingSince;
    return Math.max(this.#writingSince, this.#host.frontWroteAt);
  }

  /** Ends the stream after the write under way, or with what can be written at once, and `last` as its final bytes. */
  end(reason: CloseReason, last?: Buffer): void {
    this.pump();
    this.stop(reason, last);
  }

  /** The same without another look at the log: for one whose history ends here. */
  stop(reason: CloseReason, last?: Buffer): void {
    if (this.#ending !== undefined) return;
    this.leaveFront();
    this.#ending = reason;
    this.#writingSince = this.#host.turnNow;
    this.#sink.end(last);
  }

  /** Closes at once; what was under way counts as dropped. */
  destroy(reason: CloseReason): void {
    if (this.#left) return;
    this.#leave(reason);
    this.#sink.destroy();
  }

  written(delivered: boolean): void {
    const slice = this.#inFlight;
    this.#inFlight = undefined;
    this.#writing = false;
    if (slice !== undefined) {
      if (delivered && !this.#left) this.#host.delivered(this, slice.events, slice.bytes.length);
      else if (!this.#left) this.#host.dropped('aborted', slice.events);
      slice.unpin();
    }
    if (delivered && !this.#getsInLine()) this.pump();
  }

  catchUp(): void {
    this.#inLine = false;
    this.pump();
  }

  progressed(): void {
    this.#writingSince = this.#host.turnNow;
  }

  closed(failed: boolean): void {
    this.#leave(this.#ending ?? (failed ? 'write-failed' : 'client-closed'));
  }

  /** Far behind what is live it leaves the turn to others. */
  #getsInLine(): boolean {
    if (this.#left || this.#inLine || !this.#host.isLate(this.cursor)) return this.#inLine;
    this.#inLine = true;
    this.#host.late(this);
    return true;
  }

  #readNothing(cursor: Cursor): void {
    const { state } = cursor;
    if (state === 'trimmed') this.#judge(this.#host.turnNow);
    else if (state === 'truncated') this.#rejoin();
    else if (this.#host.admit(this, cursor, this.#sink)) this.#cursor = undefined;
    else this.#host.atTip(this);
  }

  #writePrivate(bytes: Buffer): void {
    this.leaveFront();
    this.#writing = true;
    this.#writingSince = this.#host.turnNow;
    this.#sink.writePrivate(bytes);
  }

  #judge(now: number): void {
    const ending = this.#ending !== undefined;
    const busy = this.#writing || ending;
    // One that is ending reads no more: where the floor is does not matter to it.
    const behind = !ending && this.cursor.state === 'trimmed';
    const verdict = lagVerdict(this.#host.policy, behind, busy ? this.#writingSince : undefined, now);
    if (verdict === 'stalled') this.destroy('stalled');
    else if (verdict === 'lagged') this.destroy('lagged');
    else if (verdict === 'skip' && !busy) this.#skip();
  }

  /** Below the floor: the client is told what it missed and goes on at the tip. */
  #skip(): void {
    const cursor = this.#own();
    if (this.#rejected('lagged')) return;
    const from = cursor.seq;
    const lost = cursor.pending;
    this.#sampledSeq = 0;
    cursor.moveTo(cursor.log.tip);
    this.#host.dropped('lagged', lost);
    // A break told to all is among what is skipped: nobody knows what it hid, nor what comes again behind it.
    const broken = cursor.log.newestTagged >= from;
    this.#tell('lagged', from, broken ? null : lost, broken);
    // Untold, it stands at the tip with nothing under way that would make it look there.
    this.pump();
  }

  /** The log was cut back behind the cursor, which stands there now: what this client has may come again otherwise. */
  #rejoin(): void {
    if (this.#rejected('upstream')) return;
    this.#sampledSeq = 0;
    this.#tell('upstream', this.cursor.seq, null, true);
    this.pump();
  }

  /** A break that is told to all comes next. A slice never reaches across one. */
  get #atBreak(): boolean {
    const { log, seq } = this.cursor;
    return log.tagOf(seq) === TAG.GAP;
  }

  /** Option `onGap: reject`: the stream ends where its history does. */
  #rejected(reason: GapReason): boolean {
    if (this.#host.onGap !== 'reject') return false;
    this.#host.gap(reason);
    this.stop('gap-rejected');
    return true;
  }

  #tell(reason: GapReason, from: number, lost: number | null, repeats: boolean): void {
    const host = this.#host;
    const seq = this.cursor.seq;
    host.gap(reason);
    if (host.onGap === 'silent') return;
    this.#writePrivate(
      gapFrame(
        { from: host.idBefore(from), resume: host.idBefore(seq), lost, repeats, reason },
        host.gapId(seq),
      ),
    );
  }

  #leave(reason: CloseReason): void {
    if (this.#left) return;
    this.leaveFront();
    this.#left = true;
    this.#ending ??= reason;
    if (this.#inFlight !== undefined) this.#host.dropped('aborted', this.#inFlight.events);
    this.#host.left(this, reason);
  }
}
