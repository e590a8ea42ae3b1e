/**
 * What a stream may show, given what the upstream said and what is promised (`promise.ts`). It refuses to know how the
 * gateway works: it sees events, gaps and ids.
 */
import type { Block } from './client.js';

export interface Gap {
  readonly lost: number | null;
  readonly repeats: boolean;
  readonly reason: string;
}

/** Where a stream stands: the last event, and the gaps told since. `last` undefined: nothing can be expected. */
export interface Place {
  readonly last: number | undefined;
  readonly gaps: readonly Gap[];
  /** The furthest that it has ever been: behind a told break old events may come again, and their place is an old one. */
  readonly high: number;
}

export const NOWHERE: Place = { last: undefined, gaps: [], high: 0 };

/** Whether the upstream sent `b` directly behind `a`; undefined where it never leaves its order. */
export type Adjacent = ((a: number, b: number) => boolean) | undefined;

/** May event `n` come next? Where the upstream leaves its order, numbers of lost events can't be held against it. */
export function follows({ last, gaps, high }: Place, n: number, adjacent: Adjacent): boolean {
  if (last === undefined) return true;
  if (gaps.length === 0) return n === last + 1 || adjacent?.(last, n) === true;
  if (adjacent !== undefined) return true;
  const repeats = gaps.some((gap) => gap.repeats);
  if (gaps.some(({ lost }) => lost === null)) return repeats || n > last;
  const lost = gaps.reduce((sum, gap) => sum + gap.lost!, 0);
  return repeats ? n <= Math.max(last, high) + 1 + lost : n === last + 1 + lost;
}

export interface Expectations {
  /** Holes and repeats must be told. */
  strict(): boolean;
  readonly adjacent: Adjacent;
  /** Reasons for gaps that would be false alarms for this client. */
  readonly forbidden: (reason: string) => boolean;
  /** An id was seen at this place. */
  seen(id: string, place: Place): void;
}

/** One client's stream, from its first block on. */
export class StreamCheck {
  place: Place;
  /** Everything read, for a failure's sake. */
  readonly trace: string[] = [];
  ended = false;
  readonly #expect: Expectations;

  constructor(place: Place, expect: Expectations) {
    this.place = place;
    this.#expect = expect;
  }

  read({ id, type, data }: Block): void {
    if (data === undefined && id === undefined) return;
    if (data !== undefined)
      this.trace.push(type === 'gateway.gap' ? `gap ${data}` : `${id ?? ''}#${data.split(' ')[0]}`);
    if (type === 'gateway.end') this.ended = true;
    else if (type === 'gateway.gap') this.#gap(JSON.parse(data!) as Gap);
    else if (data !== undefined) this.#event(Number.parseInt(data, 10));
    if (id !== undefined) this.#expect.seen(id, this.place);
  }

  #event(n: number): void {
    const { adjacent } = this.#expect;
    if (!(n > 0)) throw this.#wrong('an event that nobody sent');
    if (this.#expect.strict() && !follows(this.place, n, adjacent)) {
      throw this.#wrong(`event ${n} behind ${this.place.last} and gaps ${JSON.stringify(this.place.gaps)}`);
    }
    this.place = { last: n, gaps: [], high: Math.max(this.place.high, n) };
  }

  #gap(gap: Gap): void {
    const { lost, reason } = gap;
    if ((reason === 'trimmed' || reason === 'lagged') && lost !== null && !(lost > 0))
      throw this.#wrong('a gap that lost nothing');
    if (this.#expect.forbidden(reason)) throw this.#wrong(`a false alarm: ${reason}`);
    this.place = { ...this.place, gaps: [...this.place.gaps, gap] };
  }

  #wrong(what: string): Error {
    return new Error(`${what}; the stream: ${this.trace.join(' | ')}`);
  }
}
