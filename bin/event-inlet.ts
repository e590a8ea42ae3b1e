/**
 * An inlet whose events are read here and now: bytes of a source in, decoded events out (WHATWG HTML §9.2.6). It keeps
 * the last event id over connections and refuses to know where the bytes come from and what becomes of the events.
 */
import { type EventRecords, type Inlet, Parser } from '../src/index.js';

export interface StreamEvent {
  /** The last event id as of this event, its own or an earlier one's; empty: none so far. */
  readonly id: string;
  /** Its type; `message` when it names none. */
  readonly event: string;
  /** Its lines, joined by LF. */
  readonly data: string;
}

export class EventInlet implements Inlet {
  readonly #take: (event: StreamEvent) => void;
  readonly #parser: Parser;
  #id: Buffer;
  #retryMs: number | undefined;
  #events = 0;
  #resumed = false;

  /** `maxEventBytes`: longest event. `take` must not throw. */
  constructor(lastEventId: string, maxEventBytes: number, take: (event: StreamEvent) => void) {
    this.#id = Buffer.from(lastEventId);
    this.#take = take;
    this.#parser = new Parser((bytes, records) => this.#read(bytes, records), { maxEventBytes });
  }

  get cursor(): Uint8Array | undefined {
    return this.#id.length === 0 ? undefined : this.#id;
  }

  /** The same as text; empty: none. */
  get lastEventId(): string {
    return this.#id.toString();
  }

  get retryMs(): number | undefined {
    return this.#retryMs;
  }

  get events(): number {
    return this.#events;
  }

  /** Whether the newest connection asked for what follows an id. */
  get resumed(): boolean {
    return this.#resumed;
  }

  begin(resumed: boolean): void {
    this.#parser.reset();
    this.#events = 0;
    this.#resumed = resumed;
  }

  write(chunk: Buffer): 'event-too-large' | undefined {
    const code = this.#parser.feed(chunk);
    if (this.#parser.retry >= 0) this.#retryMs = this.#parser.retry;
    return code;
  }

  end(): void {
    this.#parser.reset();
  }

  #read(bytes: Buffer, records: EventRecords): void {
    for (let i = 0; i < records.count; i += 1) {
      this.#events += 1;
      if (records.hasId(i)) this.#id = Buffer.from(bytes.subarray(records.idStart(i), records.idEnd(i)));
      const lines = records.lineCount(i);
      if (lines === 0) continue;
      const first = records.firstLine(i);
      const data: string[] = [];
      for (let k = first; k < first + lines; k += 1) {
        data.push(bytes.toString('utf8', records.lineStart(k), records.lineEnd(k)));
      }
      const named = records.typeEnd(i) > records.typeStart(i);
      const event = named ? bytes.toString('utf8', records.typeStart(i), records.typeEnd(i)) : 'message';
      this.#take({ id: this.lastEventId, event, data: data.join('\n') });
    }
  }
}
