/**
 * Upstream bytes to runs of complete events in valid UTF-8. Validity is looked at once for a whole run; only a run that
 * fails is taken apart, and its broken events repaired as a browser would. It refuses to know what the events are for.
 */
import { isUtf8 } from 'node:buffer';
import { type FeedCode, type OnEvents, Parser } from './sse/parser.js';
import type { EventRecords } from './sse/records.js';
import { toValidUtf8 } from './sse/utf8.js';

export class EventDecoder {
  readonly #onRun: OnEvents;
  readonly #onRepair: () => void;
  readonly #parser: Parser;
  /** Reads the events of a run with invalid UTF-8 again, one by one. */
  readonly #single: Parser;

  /**
   * @param maxEventBytes as the parser's
   * @param onRun as the parser's `onEvents`, with valid UTF-8
   * @param onRepair called for each event that had to be repaired
   */
  constructor(maxEventBytes: number, onRun: OnEvents, onRepair: () => void) {
    this.#onRun = onRun;
    this.#onRepair = onRepair;
    this.#parser = new Parser((bytes, records) => this.#take(bytes, records), { maxEventBytes });
    // A repaired byte is three.
    this.#single = new Parser(onRun, { maxEventBytes: 3 * maxEventBytes });
  }

  /** Last valid `retry` field of this connection in ms, −1 when none was sent. */
  get retry(): number {
    return this.#parser.retry;
  }

  feed(chunk: Buffer): FeedCode {
    return this.#parser.feed(chunk);
  }

  /** A new connection. */
  reset(): void {
    this.#parser.reset();
  }

  #take(bytes: Buffer, records: EventRecords): void {
    const { count } = records;
    const from = records.start(0);
    const to = records.end(count - 1);
    // A calm upstream's chunk is one event, and needs no view.
    if (isUtf8(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to))) {
      this.#onRun(bytes, records);
      return;
    }
    for (let i = 0; i < count; i += 1) {
      const block = bytes.subarray(records.start(i), records.end(i));
      const valid = toValidUtf8(block);
      if (valid.byteOffset !== block.byteOffset || valid.buffer !== block.buffer) this.#onRepair();
      this.#single.reset();
      this.#single.feed(valid);
    }
  }
}
