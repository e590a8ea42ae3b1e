/**
 * One reader's stream against the reference: complete, in order, to the byte. The usual read is one comparison; what is
 * beyond the reference's tip, or differs from it, is taken apart block by block, and either extends the reference or is
 * a finding. Comments, `retry:` and other blocks without data may stand between events, and differ from reader to reader.
 * It refuses sockets and transfer codings.
 */
import { Buffer } from 'node:buffer';
import { Reading, read } from '../wire/event.js';
import type { Fault, Findings } from './findings.js';
import type { Reference } from './reference.js';

const BLANK = Buffer.from('\n\n');
const DATA = Buffer.from('data:');
const RETRY = Buffer.from('retry:');
const NOTICE = Buffer.from('event: gateway.');
const LF = 10;
const SPACE = 32;
const COLON = 58;

const reading = new Reading();

export class StreamChecker {
  /** The ordinal that must come next; −1 before the first event. */
  next: number;
  readonly #reference: Reference;
  readonly #findings: Findings;
  /** Bytes of the frame of `next` that have been compared already; 0 while bytes are carried over. */
  #within = 0;
  /** Bytes of a block that is not complete, and not known to the reference. */
  #carry: Buffer | undefined;

  /** `next`: the ordinal that the first event must have, when it is known. */
  constructor(reference: Reference, findings: Findings, next = -1) {
    this.#reference = reference;
    this.#findings = findings;
    this.next = next;
  }

  /** Takes `bytes[from … to)` of the body, read at `now` (microseconds). Keeps no reference to them. */
  feed(bytes: Buffer, from: number, to: number, now: number): void {
    this.#findings.bytes += to - from;
    if (this.#carry !== undefined) {
      const joined = Buffer.concat([this.#carry, bytes.subarray(from, to)]);
      this.#carry = undefined;
      this.#blocks(joined, now);
      return;
    }
    let at = from;
    if (this.#knows()) {
      const start = this.#reference.startOf(this.next);
      const position = start + this.#within;
      const known = Math.min(to - at, this.#reference.tip - position);
      if (this.#reference.same(position, bytes, at, known)) {
        this.#advance(known, now);
        at += known;
        if (at === to) return;
      } else if (this.#within > 0) {
        const begun = this.#reference.copy(start, position);
        this.#within = 0;
        this.#blocks(Buffer.concat([begun, bytes.subarray(at, to)]), now);
        return;
      }
    }
    // What is carried over must not lie in the caller's buffer.
    this.#blocks(Buffer.from(bytes.subarray(at, to)), now);
  }

  /** The stream has ended. */
  end(): void {
    if (this.#carry !== undefined || this.#within > 0) this.#fault('truncated', 1);
    this.#carry = undefined;
  }

  /** The client itself cut the stream: a part of an event at its end is nobody's fault. */
  forgive(): void {
    this.#carry = undefined;
    this.#within = 0;
  }

  /** Whether the reference has the event that must come next. */
  #knows(): boolean {
    return this.next >= 0 && this.#reference.holds(this.next);
  }

  /** `bytes` begin at the boundary of a block. */
  #blocks(bytes: Buffer, now: number): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#knows()) {
        const taken = this.#compare(bytes, at, now);
        at += taken;
        if (taken > 0) continue;
      }
      const blank = bytes.indexOf(BLANK, at);
      if (blank < 0) {
        this.#carry = bytes.subarray(at);
        return;
      }
      this.#block(bytes, at, blank + BLANK.length, now);
      at = blank + BLANK.length;
    }
  }

  /** Advances over what equals the reference, all of it or else one event; returns the bytes taken. */
  #compare(bytes: Buffer, at: number, now: number): number {
    const start = this.#reference.startOf(this.next);
    const all = Math.min(bytes.length - at, this.#reference.tip - start);
    const one = Math.min(all, this.#reference.endOf(this.next) - start);
    for (const length of [all, one]) {
      if (length > 0 && this.#reference.same(start, bytes, at, length)) {
        this.#advance(length, now);
        return length;
      }
    }
    return 0;
  }

  #advance(length: number, now: number): void {
    const { tipSeq } = this.#reference;
    let start = this.#reference.startOf(this.next);
    const position = start + this.#within + length;
    while (this.next <= tipSeq) {
      const end = this.#reference.endOf(this.next);
      if (end > position) break;
      const micros = this.#reference.microsOf(this.next);
      if (micros < 0) this.#fault('missing', 1);
      else this.#deliver(micros, now);
      this.next += 1;
      start = end;
    }
    this.#within = position - start;
  }

  #deliver(micros: number, now: number): void {
    this.#findings.delivered += 1;
    this.#findings.latency.add(now - micros);
  }

  /** One block with its blank line, which is not what the reference has at this place. */
  #block(bytes: Buffer, begin: number, to: number, now: number): void {
    let from = begin;
    while (bytes[from] === COLON) from = bytes.indexOf(LF, from) + 1;
    if (from >= to - 1) return;
    if (bytes.compare(NOTICE, 0, NOTICE.length, from, Math.min(to, from + NOTICE.length)) === 0) {
      this.#fault('told', 1);
      return;
    }
    const data = dataLine(bytes, from, to);
    if (data < 0) {
      // A server may say how to reconnect; anything else without data was an event once.
      if (bytes.compare(RETRY, 0, RETRY.length, from, Math.min(to, from + RETRY.length)) !== 0)
        this.#spoiled();
      return;
    }
    if (!read(bytes, data, bytes.indexOf(LF, data), reading)) {
      this.#spoiled();
      return;
    }
    this.#event(bytes.subarray(from, to), reading.seq, reading.micros, now);
  }

  /** It stood where the next one was due: if that were not passed, one fault would be counted as two. */
  #spoiled(): void {
    this.#fault('corrupted', 1);
    if (this.next >= 0) this.next += 1;
  }

  #event(frame: Buffer, seq: number, micros: number, now: number): void {
    if (this.next >= 0 && seq < this.next) {
      this.#fault('repeated', 1);
      return;
    }
    if (this.next >= 0 && seq > this.next) this.#fault('missing', seq - this.next);
    if (seq > this.#reference.tipSeq) this.#reference.append(frame, seq, micros);
    else if (!this.#reference.holds(seq)) this.#fault('unverified', 1);
    else if (this.#reference.microsOf(seq) >= 0 && !this.#equals(seq, frame)) this.#fault('corrupted', 1);
    this.#deliver(micros, now);
    this.next = seq + 1;
  }

  #equals(seq: number, frame: Buffer): boolean {
    const start = this.#reference.startOf(seq);
    return (
      this.#reference.endOf(seq) - start === frame.length &&
      this.#reference.same(start, frame, 0, frame.length)
    );
  }

  #fault(fault: Fault, count: number): void {
    this.#findings.faults[fault] += count;
  }
}

/** Offset of the value of the first data field, −1 without one. */
function dataLine(bytes: Buffer, from: number, to: number): number {
  for (let line = from; line < to; line = bytes.indexOf(LF, line) + 1) {
    if (bytes.compare(DATA, 0, DATA.length, line, Math.min(to, line + DATA.length)) === 0) {
      const value = line + DATA.length;
      return bytes[value] === SPACE ? value + 1 : value;
    }
  }
  return -1;
}
