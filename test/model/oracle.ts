/**
 * What a stream may show, given what the upstream said and what is promised (`promise.ts`). It refuses to know how the
 * gateway works: it sees events, gaps and ids.
 */
import type { Block } from './client.js';
import type { Between, Locals } from './locals.js';

export interface Gap {
  readonly lost: number | null;
  readonly repeats: boolean;
  readonly reason: string;
}

/** Where a stream stands: the last event, and the gaps told since. `last` undefined: nothing can be expected. */
export interface Place {
  readonly last: number | undefined;
  /** The newest published event that lies before. */
  readonly local: number;
  readonly gaps: readonly Gap[];
  /** The furthest that it has ever been: behind a told break old events may come again, and their place is an old one. */
  readonly high: number;
}

export const NOWHERE: Place = { last: undefined, local: 0, gaps: [], high: 0 };

/** Whether the upstream sent `b` directly behind `a`; undefined where it never leaves its order. */
export type Adjacent = ((a: number, b: number) => boolean) | undefined;

const NONE: Between = { must: 0, may: 0 };

/**
 * May event `n` come next? Where the upstream leaves its order, numbers of lost events can't be held against it.
 * @param published what was published between the two, and may count among the lost
 */
export function follows(
  { last, gaps, high }: Place,
  n: number,
  adjacent: Adjacent,
  { must, may } = NONE,
): boolean {
  if (last === undefined) return true;
  if (gaps.length === 0) return n === last + 1 || adjacent?.(last, n) === true;
  if (adjacent !== undefined) return true;
  const repeats = gaps.some((gap) => gap.repeats);
  if (gaps.some(({ lost }) => lost === null)) return repeats || n > last;
  const lost = gaps.reduce((sum, gap) => sum + gap.lost!, 0);
  if (repeats) return n <= Math.max(last, high) + 1 + lost;
  const published = lost - (n - last - 1);
  return n > last && published >= must && published <= must + may;
}

export interface Expectations {
  /** Holes and repeats must be told. */
  strict(): boolean;
  /** The id it came with has come to stand for several events: what comes next may stand behind any. */
  unplaced(): boolean;
  readonly adjacent: Adjacent;
  readonly locals: Locals;
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
  /** Part of it may come from where nothing was published: until a published event comes, they may be missing. */
  #private: boolean;
  /** Nothing has come whose place is known. */
  #beginning = true;
  readonly #expect: Expectations;

  constructor(place: Place, expect: Expectations, aside = false) {
    this.place = place;
    this.#expect = expect;
    this.#private = aside;
  }

  read({ id, type, data }: Block): void {
    if (data === undefined && id === undefined) return;
    if (this.#beginning && this.#expect.unplaced()) this.place = { ...this.place, last: undefined };
    if (data !== undefined)
      this.trace.push(type === 'gateway.gap' ? `gap ${data}` : `${id ?? ''}#${data.split(' ')[0]}`);
    if (type === 'gateway.end') this.ended = true;
    else if (type === 'gateway.gap') this.#gap(JSON.parse(data!) as Gap);
    else if (data?.startsWith('L') === true) this.#local(Number.parseInt(data.slice(1), 10));
    else if (data !== undefined) this.#event(Number.parseInt(data, 10));
    if (id !== undefined) this.#expect.seen(id, this.place);
  }

  #event(n: number): void {
    const { adjacent, locals } = this.#expect;
    const { last, local, gaps, high } = this.place;
    if (!(n > 0)) throw this.#wrong('an event that nobody sent');
    if (this.#expect.strict() && last !== undefined) {
      const between = locals.between(local, last, n);
      const published = this.#private ? { must: 0, may: between.must + between.may } : between;
      if (!follows(this.place, n, adjacent, published))
        throw this.#wrong(`event ${n} behind ${last} and gaps ${JSON.stringify(gaps)}`);
      if (gaps.length === 0 && adjacent === undefined && published.must > 0)
        throw this.#wrong(
          `event ${n} behind ${last} and published ${local}: ${published.must} between were published`,
        );
    }
    this.#beginning = false;
    const again = last !== undefined && n <= last;
    this.place = { last: n, local: locals.passed(again ? 0 : local, n), gaps: [], high: Math.max(high, n) };
  }

  /** A published event: the next one, at its place. */
  #local(k: number): void {
    const { adjacent, locals } = this.#expect;
    const { last, local, gaps, high } = this.place;
    const after = locals.afterOf(k);
    if (!(k > 0) || k > locals.newest) throw this.#wrong('an event that nobody published');
    if (this.#expect.strict() && last !== undefined && !gaps.some(({ repeats }) => repeats)) {
      const between = locals.between(local, last, Number.POSITIVE_INFINITY, k);
      const missed = this.#private ? 0 : between.must;
      if (k <= local) throw this.#wrong(`published ${k} behind ${local}`);
      if (gaps.length === 0 && missed > 0)
        throw this.#wrong(`published ${k} behind ${local}: ${missed} are missing`);
      if (after !== undefined && adjacent === undefined) {
        const range = { must: missed, may: between.may + between.must - missed };
        if (!follows(this.place, after + 1, undefined, range))
          throw this.#wrong(
            `published ${k} behind ${last}, ${JSON.stringify(gaps)}; its place is behind ${after}`,
          );
      }
    }
    this.#private = false;
    if (after !== undefined) this.#beginning = false;
    // Where it stands nobody can say, and so not what is missing behind a gap.
    const vague = gaps.map((gap) => ({ ...gap, lost: null }));
    this.place =
      after === undefined
        ? { last, local: k, gaps: vague, high }
        : // A break of the upstream is told where it happened, or with what is trimmed: what it hides may be behind.
          {
            last: after,
            local: k,
            gaps: gaps.filter(({ lost }) => lost === null),
            high: Math.max(high, after),
          };
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
