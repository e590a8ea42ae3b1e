/**
 * Which of a channel's URLs is asked. Sticky: the one that works stays, also when its good stream breaks, because only
 * there can the stream go on where it stopped. It is left when an attempt at it fails:
 *
 *     next = the URL that may be asked soonest ► of these the one whose last failure is longest ago ► the list's order
 *
 * Each URL has its own delays, so that a list that is down is not asked faster the longer it is. Pure: times are passed
 * in. It refuses to open anything, and to go back to a URL only because it stands first.
 */
import type { Random } from '../clock.js';
import type { HttpUpstreamOptions } from './options.js';
import { UrlHealth } from './url-health.js';

export class UrlChoice {
  readonly #urls: readonly UrlHealth[];
  readonly #sharedIds: boolean;
  #current: UrlHealth;
  /** Where the newest stream came from. */
  #streamed: UrlHealth | undefined;

  /** `options.urls` has at least one. */
  constructor(options: HttpUpstreamOptions, random: Random) {
    this.#urls = options.urls.map((url) => new UrlHealth(url, options, random));
    this.#sharedIds = options.sharedIds;
    this.#current = this.#urls[0]!;
  }

  /** The URL that is asked, or will be next. */
  get current(): UrlHealth {
    return this.#current;
  }

  /** What is known of the newest stream (its cursor, its `retry:`) holds at the current URL too. */
  get continues(): boolean {
    return this.#sharedIds || this.#streamed === undefined || this.#streamed === this.#current;
  }

  /** Each of them, when last asked, gave an answer for good. */
  get out(): boolean {
    return this.#urls.every(({ out }) => out);
  }

  /** Settles on the URL to ask next; its `askableAt` says when. */
  choose(now: number): UrlHealth {
    const { failedAt, out } = this.#current;
    if (failedAt === Number.NEGATIVE_INFINITY && !out) return this.#current;
    let best = this.#urls[0]!;
    for (const url of this.#urls) if (before(url, best, now)) best = url;
    this.#current = best;
    return best;
  }

  /** A stream begins at the current URL. True: the one before came from another. */
  begin(): boolean {
    const moved = this.#streamed !== undefined && this.#streamed !== this.#current;
    this.#streamed = this.#current;
    return moved;
  }
}

function before(a: UrlHealth, b: UrlHealth, now: number): boolean {
  const wait = Math.max(a.askableAt, now) - Math.max(b.askableAt, now);
  return wait < 0 || (wait === 0 && a.failedAt < b.failedAt);
}
