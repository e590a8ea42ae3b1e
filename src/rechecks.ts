/**
 * Whether those who were let in may stay: each is looked at again every so often, and when what it showed expires. One
 * timer for all, a bounded number of questions under way, and a limit for each of them. Who is not answered for goes: a
 * question that fails, hangs or is answered with anything else than the two answers there are counts as no. It refuses to
 * know whom it asks about.
 */
import type { Clock, Random, Timer } from './clock.js';

export interface RechecksOptions<T> {
  readonly clock: Clock;
  readonly random: Random;
  /** The longest between two looks at the same one, ms; each interval is a random 0.8–1 of it. */
  readonly everyMs: number;
  /** The longest a question may take, ms. */
  readonly timeoutMs: number;
  /**
   * May it stay? `true`: until the next look, unless its date is over; a Date: until the next look, and at the latest until
   * then. Undefined: nobody is asked, and only dates count.
   */
  readonly ask: ((item: T) => unknown) | undefined;
  /** It may not stay, and is not looked at any more. */
  readonly refused: (item: T, why: unknown) => void;
}

interface Entry<T> {
  readonly item: T;
  /** When it is looked at, monotonic ms. */
  dueAt: number;
  /** What it showed is good until then, ms since the Unix epoch. */
  until: number;
  /** Since when it is asked about; undefined: it isn't. */
  askedAt: number | undefined;
}

/** Questions under way, and most that are begun in one turn of the event loop. */
const AT_ONCE = 100;
/** Why it goes whose date is over. */
const EXPIRED = 'expired';
/** How exact a date is kept, ms. */
const TICK_MS = 250;
const TICKS_PER_INTERVAL = 4;
const MIN_TICK_MS = 10;

export class Rechecks<T> {
  readonly #options: RechecksOptions<T>;
  readonly #entries = new Map<T, Entry<T>>();
  /** Those whose time has come, in that order, and those who are asked about. */
  readonly #due = new Set<Entry<T>>();
  readonly #asked = new Set<Entry<T>>();
  #places = AT_ONCE;
  #timer: Timer | undefined;

  constructor(options: RechecksOptions<T>) {
    this.#options = options;
  }

  /** Those who are looked after. */
  get size(): number {
    return this.#entries.size;
  }

  /** @param until when what it showed expires; undefined: not */
  add(item: T, until: Date | undefined): void {
    const entry = { item, dueAt: 0, until: until?.getTime() ?? Number.POSITIVE_INFINITY, askedAt: undefined };
    this.#entries.set(item, entry);
    this.#schedule(entry);
    this.#timer ??= this.#nextTick();
  }

  /** It is gone; an answer that comes later is nobody's. Idempotent. */
  delete(item: T): void {
    const entry = this.#entries.get(item);
    if (entry === undefined) return;
    this.#entries.delete(item);
    this.#due.delete(entry);
    this.#answered(entry);
    if (this.#entries.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #nextTick(): Timer {
    const { clock, everyMs } = this.#options;
    const ms = Math.max(MIN_TICK_MS, Math.min(TICK_MS, everyMs / TICKS_PER_INTERVAL));
    return clock.after(ms, () => {
      this.#timer = this.#nextTick();
      this.#tick(clock.now());
    });
  }

  #tick(now: number): void {
    const { timeoutMs } = this.#options;
    for (const entry of [...this.#asked]) {
      if (now - entry.askedAt! >= timeoutMs)
        this.#refuse(entry, new Error(`no answer within ${timeoutMs} ms`));
    }
    for (const entry of this.#entries.values()) {
      if (entry.dueAt <= now && entry.askedAt === undefined) this.#due.add(entry);
    }
    this.#pump();
  }

  /** Looks at those whose time has come, as many as there are places. */
  #pump(): void {
    for (const entry of this.#due) {
      if (this.#places === 0) return;
      this.#due.delete(entry);
      this.#places -= 1;
      this.#look(entry);
    }
  }

  #look(entry: Entry<T>): void {
    const { clock, ask } = this.#options;
    entry.askedAt = clock.now();
    this.#asked.add(entry);
    try {
      const answer = ask === undefined ? entry.until > clock.wallNow() || EXPIRED : ask(entry.item);
      if (!isPromiseLike(answer)) this.#judge(entry, answer);
      else
        Promise.resolve(answer).then(
          (settled) => this.#judge(entry, settled),
          (error) => this.#refuse(entry, error),
        );
    } catch (error) {
      this.#refuse(entry, error);
    }
  }

  #judge(entry: Entry<T>, answer: unknown): void {
    const now = this.#options.clock.wallNow();
    if (answer instanceof Date && answer.getTime() > now) entry.until = answer.getTime();
    else if (answer !== true || entry.until <= now) {
      // That it may read says nothing of how long what it showed is good: only a new date does.
      this.#refuse(entry, answer === true || answer instanceof Date ? EXPIRED : answer);
      return;
    }
    if (this.#answered(entry)) this.#schedule(entry);
  }

  #refuse(entry: Entry<T>, why: unknown): void {
    if (!this.#answered(entry)) return;
    this.delete(entry.item);
    this.#options.refused(entry.item, why);
  }

  /** False: the answer came too late. Its place is free once this turn is over, so that many quick ones leave turns to others. */
  #answered(entry: Entry<T>): boolean {
    if (!this.#asked.delete(entry)) return false;
    entry.askedAt = undefined;
    this.#options.clock.turn(() => {
      this.#places += 1;
      this.#pump();
    });
    return true;
  }

  #schedule(entry: Entry<T>): void {
    const { clock, random, everyMs } = this.#options;
    const left = Math.max(0, entry.until - clock.wallNow());
    entry.dueAt = clock.now() + Math.min(left, everyMs * (0.8 + 0.2 * random()));
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
