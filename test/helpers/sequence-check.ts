/**
 * Judges a numbered stream without keeping it: events whose data is JSON with an ascending number `n`, and optionally
 * the time `t` when it was sent. It says whether a client got a contiguous, ordered history or was told otherwise.
 * It refuses streams whose numbers restart: behind a restart everything counts as repeated.
 */
import { Latencies } from './latency.js';
import { stampMs } from './real-time.js';

/** The events by which a gateway tells of missing ones and of the end. */
const GAP = 'gateway.gap';
const OWN = 'gateway.';

export class SequenceCheck {
  /** Numbered events. */
  events = 0;
  /** The first and the highest number, -1 before any. */
  first = -1;
  last = -1;
  /** Jumps forward that no gap announced, and the numbers missing in them: a silent hole. */
  holes = 0;
  lost = 0;
  /** Numbers at or below the highest that no gap with `repeats` announced. */
  duplicates = 0;
  /** `gateway.gap` events; those behind which the very next number followed; numbers missing behind the others. */
  gaps = 0;
  falseAlarms = 0;
  toldLost = 0;
  /** Numbers at or below the highest behind a gap with `repeats`. */
  toldRepeats = 0;
  /** Events that are neither numbered nor the gateway's own. */
  malformed = 0;
  latency: Latencies;
  /** A gap came and no new number since. */
  #gapOpen = false;
  #repeatsTold = false;

  /** `latency`: where samples go, and may be replaced; share one between clients to save 8 KB each. */
  constructor(latency = new Latencies()) {
    this.latency = latency;
  }

  /** Nothing silent, nothing twice, nothing unreadable. Told gaps are allowed. */
  get honest(): boolean {
    return this.holes === 0 && this.duplicates === 0 && this.malformed === 0;
  }

  /** Honest, and no gap was told either. */
  get contiguous(): boolean {
    return this.honest && this.gaps === 0;
  }

  event(type: string, data: string): void {
    if (type === GAP) this.#gap(data);
    else if (!type.startsWith(OWN)) this.#numbered(data);
  }

  /** The counts in one line, for messages. */
  toString(): string {
    const {
      events,
      first,
      last,
      holes,
      lost,
      duplicates,
      gaps,
      falseAlarms,
      toldLost,
      toldRepeats,
      malformed,
    } = this;
    return JSON.stringify({
      ...{ events, first, last, holes, lost, duplicates },
      ...{ gaps, falseAlarms, toldLost, toldRepeats, malformed },
    });
  }

  #gap(data: string): void {
    const gap = parse(data);
    if (gap === undefined) this.malformed += 1;
    this.gaps += 1;
    this.#gapOpen = true;
    if (gap?.['repeats'] === true) this.#repeatsTold = true;
  }

  #numbered(data: string): void {
    const fields = parse(data);
    const n = fields?.['n'];
    if (typeof n !== 'number') {
      this.malformed += 1;
      return;
    }
    this.events += 1;
    if (typeof fields?.['t'] === 'number') this.latency.record(stampMs() - fields['t']);
    if (this.first < 0) this.first = n;
    else if (n > this.last) this.#ahead(n - this.last - 1);
    else if (this.#repeatsTold) this.toldRepeats += 1;
    else this.duplicates += 1;
    if (n > this.last) {
      this.last = n;
      this.#gapOpen = false;
      this.#repeatsTold = false;
    }
  }

  #ahead(missing: number): void {
    if (this.#gapOpen) {
      this.toldLost += missing;
      // Repeats announced and delivered are no false alarm either.
      if (missing === 0 && !this.#repeatsTold) this.falseAlarms += 1;
    } else if (missing > 0) {
      this.holes += 1;
      this.lost += missing;
    }
  }
}

function parse(data: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
