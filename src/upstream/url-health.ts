/**
 * How one URL of an upstream does: its delays, its refusals, when it may be asked again. Pure: times are passed in.
 * It refuses to compare itself with other URLs.
 */
import type { Random } from '../clock.js';
import { Backoff } from './backoff.js';
import type { Fault } from './fault.js';
import type { HttpUpstreamOptions } from './options.js';

const NEVER = Number.NEGATIVE_INFINITY;

export class UrlHealth {
  readonly url: string;
  readonly #options: HttpUpstreamOptions;
  readonly #backoff: Backoff;
  #askableAt = NEVER;
  #failedAt = NEVER;
  #out = false;

  constructor(url: string, options: HttpUpstreamOptions, random: Random) {
    this.url = url;
    this.#options = options;
    this.#backoff = new Backoff(options, random);
  }

  /** No attempt before this (ms); it outlives a close, so that closing and opening is no way around a delay. */
  get askableAt(): number {
    return this.#askableAt;
  }

  /** When an attempt at it last failed (ms), −Infinity: never, or it has had a good stream since. */
  get failedAt(): number {
    return this.#failedAt;
  }

  /** It wants no request for `retryFailedMs`: its answer was one for good, or it failed `maxAttempts` times. */
  get out(): boolean {
    return this.#out;
  }

  /** Whether a stream from here was good (see `Backoff`). */
  proven(lastedMs: number, events: number): boolean {
    return this.#backoff.proven(lastedMs, events);
  }

  /** Its stream was good: whatever failed before is forgotten. */
  reset(): void {
    this.#backoff.reset();
    this.#failedAt = NEVER;
    this.#out = false;
  }

  /**
   * An attempt or a stream ended. After a good stream it is still the one that works, and keeps its place; that end is a
   * failure only for the delay, and a clean one not even for that.
   * @param retryMs what it asked for with `retry:`
   */
  over(now: number, ended: Fault, good: boolean, retryMs: number | undefined): void {
    const { maxAttempts, retryFailedMs } = this.#options;
    if (!good || ended.reason !== 'ended') this.#backoff.fail();
    if (!good) this.#failedAt = now;
    this.#out = ended.terminal || this.#backoff.failures >= maxAttempts;
    this.#askableAt = now + (this.#out ? retryFailedMs : this.#backoff.next(retryMs, ended.retryAfterMs));
  }
}
