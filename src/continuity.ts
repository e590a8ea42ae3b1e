/**
 * Did the upstream go on where it stopped? Owns the upstream cursor, what is asked for at a reconnect, and the verdict on
 * what comes back (DESIGN §7). It refuses to write anything: the ingest does, when it is told that history breaks.
 *
 *   replay    asks with                    a break is told
 *   false     nothing                      at every reconnect
 *   unknown   the cursor                   at every reconnect
 *   true      the cursor                   at a reconnect that had no id to ask with, or had events without id behind it
 *   proven    the id before the cursor's   unless the cursor's event comes back, byte for byte, before anything new
 */
import { Repeats } from './repeats.js';

export type Replay = 'unknown' | 'proven' | boolean;

/** The place where history begins when the upstream was asked to go on behind a client's id. */
export interface Anchor {
  /** The upstream id that was asked with. */
  readonly id: Uint8Array;
  /** Seq of the first event behind it. */
  readonly seq: number;
}

export class Continuity {
  readonly #replay: Replay;
  readonly #repeats: Repeats;
  #cursor: Uint8Array | undefined;
  /** The id before the cursor's: asking with it brings the cursor's event back. */
  #before: Uint8Array | undefined;
  /** Seq of the event that carried the cursor, or of the one before where it came alone. */
  #cursorSeq = 0;
  /** Fingerprint of the newest event with an id. */
  #newest: number | undefined;
  #seed: Uint8Array | undefined;
  /** The upstream has named an id, if only to take it away again: the client's is of no use any more. */
  #spoken = false;
  #anchor: Anchor | undefined;
  #connections = 0;
  /** Events without an id since the cursor: an upstream that replays sends them again, and nothing tells. */
  #unnamed = 0;
  /** The proof that was asked for is still to come. */
  #unproven = false;
  /** The last proof came at once: the upstream goes on at the very place that it is asked for, not somewhere before. */
  #proven = false;
  /** No event has come on this connection. */
  #first = false;

  /** @param remember how many events are remembered in order to recognise repeats */
  constructor(replay: Replay, remember: number) {
    this.#replay = replay;
    this.#repeats = new Repeats(remember);
  }

  /** The upstream's last event id. */
  get cursor(): Uint8Array | undefined {
    return this.#cursor;
  }

  /** What the next connection asks with. */
  get asked(): Uint8Array | undefined {
    if (this.#cursor === undefined) return this.seeded ? this.#seed : undefined;
    return this.#replay === 'proven' ? (this.#before ?? this.#cursor) : this.#cursor;
  }

  /** What is asked with is a client's word, not the upstream's. */
  get seeded(): boolean {
    return !this.#spoken && this.#seed !== undefined;
  }

  /** No connection was ever answered: a client's id may say where to begin. */
  get seedable(): boolean {
    return this.#connections === 0 && this.#replay !== false;
  }

  /** The first connection is the newest, or still to come, and is made behind a client's id: it may bring history. */
  get beginsBehindSeed(): boolean {
    return this.#seed !== undefined && this.#connections <= 1;
  }

  get anchor(): Anchor | undefined {
    return this.#anchor;
  }

  /** The upstream is known to replay: by declaration, or because it did when it was asked to prove it. */
  get replays(): boolean {
    return this.#replay === true || this.#proven;
  }

  /** Asks the upstream to begin behind a client's id, as long as there is no cursor of our own. */
  beginBehind(id: Uint8Array): void {
    if (!this.#spoken && this.#seed === undefined) this.#seed = Buffer.from(id);
  }

  forgetSeed(): void {
    this.#seed = undefined;
  }

  /**
   * The upstream is about to be opened after a rest. Its cursor is of use only while the log holds what it follows:
   * otherwise old history would reach new clients as live. With an empty log it is a first connection again.
   */
  reopen(floorSeq: number, tipSeq: number): void {
    this.#seed = undefined;
    if (this.#cursorSeq >= floorSeq) return;
    this.#cursor = undefined;
    this.#before = undefined;
    this.#newest = undefined;
    this.#spoken = false;
    if (floorSeq === tipSeq) {
      this.#connections = 0;
      this.#unnamed = 0;
      this.#anchor = undefined;
    }
  }

  /** The next connection is to another upstream, which has ids of its own: none of the former's means anything there. */
  leave(): void {
    this.#repeats.forget();
    this.#cursor = undefined;
    this.#before = undefined;
    this.#cursorSeq = 0;
    this.#newest = undefined;
    this.#seed = undefined;
    this.#spoken = false;
    this.#anchor = undefined;
    this.#unnamed = 0;
    this.#proven = false;
  }

  /** A connection begins, with `nextSeq` as the seq of its first event. True: history breaks here. */
  begin(resumed: boolean, nextSeq: number): boolean {
    this.#connections += 1;
    this.#unproven = false;
    if (this.#connections === 1) {
      // What came before a rest is forgotten: its bearer may be about to ask for it.
      this.#repeats.end();
      if (resumed && this.#replay === true && this.#seed !== undefined)
        this.#anchor = { id: this.#seed, seq: nextSeq };
      return false;
    }
    this.#repeats.begin();
    this.#first = true;
    if (!resumed || this.#unnamed > 0) return true;
    if (this.#replay !== 'proven') return this.#replay !== true;
    this.#unproven = this.#before !== undefined && this.#newest !== undefined;
    return !this.#unproven;
  }

  /** Still at the beginning of a reconnection, where what comes may have come before. */
  get leading(): boolean {
    return this.#repeats.leading;
  }

  /** Whether an event with an id came before and is to be dropped. */
  repeats(mark: number): boolean {
    const first = this.#first;
    this.#first = false;
    if (!this.#repeats.seen(mark)) return false;
    if (mark === this.#newest && this.#unproven) {
      this.#unproven = false;
      this.#proven = first;
    }
    return true;
  }

  /** Something new is about to be committed. True, once: history breaks before it. */
  breaks(): boolean {
    this.#repeats.end();
    const broken = this.#unproven;
    this.#unproven = false;
    if (broken) this.#proven = false;
    return broken;
  }

  /** Remembers an event that is being committed; undefined: it has no id. */
  note(mark: number | undefined): void {
    if (mark === undefined) {
      this.#unnamed += 1;
      return;
    }
    this.#unnamed = 0;
    this.#repeats.note(mark);
    this.#newest = mark;
  }

  /** A run of events ended: its newest id field, the one before if the run had two, and the seq it goes with. */
  advance(id: Uint8Array | undefined, before: Uint8Array | undefined, seq: number): void {
    this.#before = before ?? this.#cursor;
    this.#cursor = id;
    this.#spoken = true;
    this.#cursorSeq = seq;
  }
}
