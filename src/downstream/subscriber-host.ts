/**
 * What a subscriber asks of the one that it belongs to: the fan-out of the log it reads. Types only. It refuses to know
 * sockets, and who else is served.
 */
import type { CloseReason, DropReason } from '../errors.js';
import type { GapReason } from '../gap.js';
import type { Cursor } from '../log/cursor.js';
import type { Sink } from '../sink.js';
import type { LagPolicy } from './lag-policy.js';
import type { Subscriber } from './subscriber.js';

/** What becomes of a client whose history breaks: it is told, its stream ends as `gap-rejected`, it goes on untold. */
export type OnGap = 'signal' | 'reject' | 'silent';

/** Where a subscriber's own figures go, and who is told of its end. Implemented by the fan-out. */
export interface SubscriberHost {
  readonly policy: LagPolicy;
  readonly onGap: OnGap;
  readonly sliceBytes: number;
  /** Writes of this turn are dated alike: reading the clock per write would cost more than the write's bookkeeping. */
  readonly turnNow: number;
  /** Id of the event before `seq`, for a gap's `from` and `resume`. */
  idBefore(seq: number): string | null;
  /** A gap's own `id:`, in the mode in which it has one. */
  gapId(seq: number): string | undefined;
  /** What a stream that has lasted long enough ends with. */
  farewell(): Buffer;
  delivered(subscriber: Subscriber, events: number, bytes: number): void;
  dropped(reason: DropReason, events: number): void;
  gap(reason: GapReason): void;
  left(subscriber: Subscriber, reason: CloseReason): void;
  /** It stands more than a slice behind what is being flushed. */
  isLate(cursor: Cursor): boolean;
  /** Its `catchUp` is called when it is its turn. */
  late(subscriber: Subscriber): void;
  /** When those at the front were last written to. */
  readonly frontWroteAt: number;
  /** Where one at the front stands. */
  cursorOf(subscriber: Subscriber): Cursor;
  /** One leaves the front: its own cursor. */
  release(subscriber: Subscriber): Cursor;
  /** Whether one that is at the tip is let in. */
  admit(subscriber: Subscriber, cursor: Cursor, sink: Sink): boolean;
  /** It has read all there is; it may be moved to another log now. */
  atTip(subscriber: Subscriber): void;
}
