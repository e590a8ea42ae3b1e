/**
 * How long to wait before the next attempt (DESIGN §8, "upstream backoff"). Pure: randomness and durations are passed
 * in; it refuses to wait, and to know why an attempt failed.
 */
import type { Random } from '../clock.js';
import type { HttpUpstreamOptions } from './options.js';

export type BackoffOptions = Pick<
  HttpUpstreamOptions,
  'backoffBaseMs' | 'backoffMinMs' | 'backoffMaxMs' | 'retryAfterMaxMs'
>;

/** A stream that lasted so long counts as good whatever it delivered. */
const PROVEN_MS = 60_000;

/** Beyond 2^31 times the base every ceiling is `backoffMaxMs` anyway, and powers stay finite. */
const MAX_DOUBLINGS = 31;

/** Jitter is at least this part of the wait that was asked for, so that a shared wait doesn't end for all at once. */
const MIN_JITTER = 0.1;

export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: Random;
  #failures = 0;
  #lastDelayMs = 0;

  constructor(options: BackoffOptions, random: Random) {
    this.#options = options;
    this.#random = random;
  }

  /** Consecutive failures. */
  get failures(): number {
    return this.#failures;
  }

  /** One more attempt or stream failed. */
  fail(): void {
    this.#failures += 1;
  }

  /** A stream was good: the next failure is the first. */
  reset(): void {
    this.#failures = 0;
  }

  /** Whether a stream was good: it delivered an event and lasted twice the delay before it, or it lasted 60 s. */
  proven(lastedMs: number, events: number): boolean {
    return lastedMs >= PROVEN_MS || (events > 0 && lastedMs >= 2 * this.#lastDelayMs);
  }

  /**
   * The delay in ms before the next attempt: a floor plus jitter.
   *
   *     base    = the upstream's `retry:` within min … max, or backoffBaseMs
   *     ceiling = base × 2^failures, at most backoffMaxMs; half the base behind the clean end of a good stream, so that one
   *               which ends every 2 s is there for four fifths of the time
   *     floor   = the larger of `retry:` (if sent) and Retry-After (if sent, capped)
   *     delay   = floor + random × what is left of the ceiling's span below backoffMaxMs, at least a tenth of the floor
   *
   * So without `retry:` it is full jitter in 0 … ceiling; never below backoffMinMs.
   */
  next(retryMs: number | undefined, retryAfterMs: number | undefined): number {
    const { backoffBaseMs, backoffMinMs, backoffMaxMs, retryAfterMaxMs } = this.#options;
    const asked = retryMs === undefined ? undefined : Math.min(Math.max(retryMs, backoffMinMs), backoffMaxMs);
    const base = asked ?? backoffBaseMs;
    const doublings = this.#failures === 0 && asked === undefined ? -1 : this.#failures;
    const ceiling = Math.min(base * 2 ** Math.min(doublings, MAX_DOUBLINGS), backoffMaxMs);
    const floor = Math.max(asked ?? 0, Math.min(retryAfterMs ?? 0, retryAfterMaxMs));
    const span = Math.max(Math.min(ceiling, backoffMaxMs - floor), floor * MIN_JITTER);
    this.#lastDelayMs = Math.max(floor + this.#random() * span, backoffMinMs);
    return this.#lastDelayMs;
  }
}
