/**
 * What a scripted upstream remembers and how it numbers: frames with their ids, and events at a rate.
 * It refuses sockets: it hands out bytes.
 */
import type { Timer } from '../../src/clock.js';
import { stampMs, type Time } from './real-time.js';

export type Newline = '\n' | '\r\n' | '\r';

export interface UpstreamEvent {
  readonly id?: string;
  readonly event?: string;
  /** Any of its line ends begins another `data:` line. */
  readonly data: string;
}

export class UpstreamHistory {
  readonly #limit: number;
  readonly #newline: Newline;
  #entries: { readonly id: string | undefined; readonly frame: string }[] = [];

  constructor(limit: number, newline: Newline) {
    this.#limit = limit;
    this.#newline = newline;
  }

  /** Remembers the event and returns its frame. */
  append({ id, event, data }: UpstreamEvent): string {
    const lines = data.split(/\r\n|\n|\r/).map((line) => `data: ${line}`);
    if (event !== undefined) lines.unshift(`event: ${event}`);
    if (id !== undefined) lines.unshift(`id: ${id}`);
    const frame = [...lines, '', ''].join(this.#newline);
    this.#entries.push({ id, frame });
    // Room for half as much again, so that dropping the oldest is not a copy per event.
    if (this.#entries.length > this.#limit * 1.5) this.#entries = this.#entries.slice(-this.#limit);
    return frame;
  }

  all(): string {
    return this.#frames(0);
  }

  /** The frames behind the newest event of this id; none if it is unknown. */
  behind(id: string | undefined): string {
    if (id === undefined) return '';
    const at = this.#entries.findLastIndex((entry) => entry.id === id);
    return at < 0 ? '' : this.#frames(at + 1);
  }

  #frames(from: number): string {
    return this.#entries
      .slice(from)
      .map((entry) => entry.frame)
      .join('');
  }
}

/** Between two bursts of a rate, in ms; slower rates take longer. */
const BURST_MS = 10;

export class Numbering {
  /** The number of the last event, 0 before the first. */
  last = 0;
  readonly #time: Time;
  readonly #ids: boolean;
  readonly #dataBytes: number;
  readonly #publish: (event: UpstreamEvent) => void;
  #timer: Timer | undefined;

  constructor(
    time: Time,
    options: { readonly ids?: boolean; readonly dataBytes?: number },
    publish: (event: UpstreamEvent) => void,
  ) {
    this.#time = time;
    this.#ids = options.ids ?? true;
    this.#dataBytes = options.dataBytes ?? 0;
    this.#publish = publish;
  }

  publish(count: number): number {
    for (let left = count; left > 0; left -= 1) {
      const n = ++this.last;
      // The stamp is compared with real time by whoever measures latency, so it is real time under any clock.
      const data = this.#padded(`{"n":${n},"t":${stampMs()}`);
      this.#publish(this.#ids ? { id: String(n), data } : { data });
    }
    return this.last;
  }

  start(ratePerSecond: number): void {
    this.stop();
    const began = this.#time.now();
    const base = this.last;
    const tick = () => {
      const owed = base + Math.floor(((this.#time.now() - began) * ratePerSecond) / 1_000);
      if (owed > this.last) this.publish(owed - this.last);
      this.#timer = this.#time.after(Math.max(BURST_MS, 1_000 / ratePerSecond), tick);
    };
    this.#timer = this.#time.after(Math.max(BURST_MS, 1_000 / ratePerSecond), tick);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #padded(open: string): string {
    const padding = this.#dataBytes - open.length - ',"pad":""}'.length;
    return padding > 0 ? `${open},"pad":"${'x'.repeat(padding)}"}` : `${open}}`;
  }
}
