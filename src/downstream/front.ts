/**
 * Everyone who reads one log, in rows, and the front among them: those who have read all there is and whose slices may
 * be written past their sinks. They stand at one position, so that they need no cursor of their own, and a pass touches
 * nothing of such a client but the handle it is written by: what else a client is made of lies elsewhere in memory, and
 * fetching it costs more than the code that looks at it.
 *
 *     place     0   1   2   3   4   5   6        a pass goes from the last to the first
 *     handle    h   h   -   h   h   h   -        -: has a cursor of its own, and is pumped
 *                           ▲ passed from here
 *     stands     behind )[ ahead                 between passes both are one
 *
 * It refuses to judge: whoever is slow, gone or told something leaves the front and goes on by itself, and comes back when
 * it is at the tip again.
 */
import { Cursor } from '../log/cursor.js';
import type { EventLog } from '../log/event-log.js';
import type { Slice } from '../log/slice.js';
import type { Sink } from '../sink.js';
import { type ChunkFramer, type Framed, PIECE_BYTES } from './chunk-framer.js';
import { type Handle, isDirect, type WriteRequest, writeDirectly } from './direct-write.js';
import type { Subscriber } from './subscriber.js';

/** More than so many slices at once are a burst: everybody reads it at their own pace. */
const MOST_SLICES = 4;

/** A write of the front that is under way. */
export interface UnderWay {
  readonly slice: Slice;
  readonly request: WriteRequest;
  /** The chunk that is written; undefined: the slice's own bytes. */
  readonly framed: Framed | undefined;
}

/** One slice of a pass, what it looks like in chunks, and where it ends. */
interface Step {
  readonly slice: Slice;
  framed: Framed | undefined;
  readonly end: Cursor;
}

export interface FrontOptions {
  readonly log: EventLog;
  readonly framer: ChunkFramer;
  readonly sliceBytes: number;
  /** The front ends where this says so: what comes next is not for everybody alike. */
  readonly breaks: (seq: number) => boolean;
  /** So many bytes and events were taken, over all clients. */
  readonly taken: (events: number, bytes: number) => void;
}

export class Front {
  /** By place; one that leaves is replaced by the last. */
  readonly subscribers: Subscriber[] = [];
  readonly #options: FrontOptions;
  readonly #handles: (Handle | undefined)[] = [];
  readonly #chunked: boolean[] = [];
  #size = 0;
  #ahead: Cursor;
  #behind: Cursor;
  #passedFrom = 0;
  #steps: Step[] = [];
  #events = 0;
  #bytes = 0;

  constructor(options: FrontOptions) {
    this.#options = options;
    this.#ahead = new Cursor(options.log, options.log.tip);
    this.#behind = this.#ahead;
  }

  add(subscriber: Subscriber): void {
    subscriber.place = this.subscribers.length;
    this.subscribers.push(subscriber);
    this.#handles.push(undefined);
    this.#chunked.push(false);
  }

  /** False: it is not here. It has a cursor of its own by now. */
  remove(subscriber: Subscriber): boolean {
    const { place } = subscriber;
    if (this.subscribers[place] !== subscriber) return false;
    const last = this.subscribers.at(-1)!;
    // Among those who are still to be passed it would get again what it has.
    if (place < this.#passedFrom && last.place >= this.#passedFrom) last.leaveFront();
    this.subscribers.pop();
    const handle = this.#handles.pop();
    const chunked = this.#chunked.pop()!;
    if (last !== subscriber) {
      this.subscribers[place] = last;
      this.#handles[place] = handle;
      this.#chunked[place] = chunked;
      last.place = place;
    }
    return true;
  }

  /** Lets one in that stands where the front does. False: it doesn't, or is only to be written to by its sink. */
  admit({ place }: Subscriber, cursor: Cursor, sink: Sink): boolean {
    if (place < this.#passedFrom || cursor.position !== this.#ahead.position || !isDirect(sink)) return false;
    const { handle } = sink;
    if (handle === undefined) return false;
    this.#handles[place] = handle;
    this.#chunked[place] = sink.chunked;
    this.#size += 1;
    return true;
  }

  /** Where one at the front stands; not to be moved. */
  cursorOf({ place }: Subscriber): Cursor {
    return place < this.#passedFrom ? this.#behind : this.#ahead;
  }

  /** One leaves the front: it is pumped from now on. Its own cursor. */
  release(subscriber: Subscriber): Cursor {
    this.#handles[subscriber.place] = undefined;
    this.#size -= 1;
    return this.cursorOf(subscriber).copy();
  }

  /** A pass begins. True: there is something to write. */
  begin(): boolean {
    this.#passedFrom = this.subscribers.length;
    if (this.#size === 0 || !this.#cut()) this.#dissolve();
    return this.#steps.length > 0;
  }

  /** Places from here on were passed. */
  reached(place: number): void {
    this.#passedFrom = place;
    if (this.#events === 0) return;
    this.#options.taken(this.#events, this.#bytes);
    this.#events = 0;
    this.#bytes = 0;
  }

  /** Writes what is new to the one at this place. False: it is not at the front, and is to be pumped. */
  write(place: number): boolean {
    const handle = this.#handles[place];
    if (handle === undefined) return false;
    const chunked = this.#chunked[place]!;
    for (const step of this.#steps) {
      const { slice } = step;
      if (chunked) step.framed ??= this.#options.framer.copy(slice.bytes);
      const framed = chunked ? step.framed : undefined;
      const written = writeDirectly(handle, framed === undefined ? slice.bytes : framed.bytes);
      if (written !== true) {
        this.#fall(place, step, written && { slice, request: written, framed });
        return true;
      }
      this.#events += slice.events;
      this.#bytes += slice.bytes.length;
    }
    return true;
  }

  /** The pass is over. */
  end(): void {
    this.reached(0);
    this.#behind = this.#ahead;
    this.#let();
  }

  /** One leaves the front with a write under way, or without (`undefined`) because its socket takes nothing any more. */
  #fall(place: number, step: Step, underWay: UnderWay | undefined): void {
    this.reached(place);
    this.#handles[place] = undefined;
    this.#size -= 1;
    const at = underWay === undefined ? this.#steps[this.#steps.indexOf(step) - 1] : step;
    this.subscribers[place]!.fallBack((at?.end ?? this.#behind).copy(), underWay);
  }

  /** Cuts what is new for all at the front. False: it is not the same for all, or too much. */
  #cut(): boolean {
    const { sliceBytes, breaks } = this.#options;
    const cursor = this.#behind.copy();
    while (cursor.state === 'behind') {
      const slice =
        this.#steps.length < MOST_SLICES && !breaks(cursor.seq) ? cursor.read(sliceBytes) : undefined;
      if (slice === undefined) return false;
      this.#steps.push({ slice, framed: undefined, end: cursor.copy() });
      if (slice.bytes.length > PIECE_BYTES) return false;
    }
    this.#ahead = cursor;
    return cursor.state === 'tip';
  }

  /** Everybody goes on alone, from where the front stood. */
  #dissolve(): void {
    this.#let();
    if (this.#size > 0) for (const subscriber of this.subscribers) subscriber.leaveFront();
    const { log } = this.#options;
    this.#ahead = new Cursor(log, log.tip);
    this.#behind = this.#ahead;
  }

  #let(): void {
    for (const { slice, framed } of this.#steps) {
      slice.unpin();
      framed?.unpin();
    }
    this.#steps = [];
  }
}
