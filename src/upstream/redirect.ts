/**
 * Where an attempt may be sent on to: the same origin, a few times, never twice to one place (DESIGN §8, "redirects").
 * One object per attempt; pure. It refuses other origins, whatever the scheme, because a public upstream could
 * otherwise point the gateway at its private neighbours.
 */
import { type Fault, fault } from './fault.js';
import { parseUrl, redactUrl } from './url.js';

export class Redirects {
  readonly #max: number;
  readonly #visited: Set<string>;

  /** `start`: the URL of the attempt. `max`: redirects that are followed. */
  constructor(start: URL, max: number) {
    this.#max = max;
    this.#visited = new Set([target(start)]);
  }

  /** Resolves a Location sent by `from` (RFC 9110 §10.2.2): the URL to ask next, or why not. */
  next(from: URL, location: string): URL | Fault {
    const to = parseUrl(location, from);
    const where = redactUrl(from);
    if (to === undefined) return fault('UPSTREAM_REDIRECT', `${where} redirects to an invalid URL`);
    if (to.origin !== from.origin) {
      const message = `${where} redirects to another origin, ${to.protocol}//${to.host}`;
      return fault('UPSTREAM_REDIRECT', message, { terminal: true });
    }
    if (this.#visited.has(target(to))) return fault('UPSTREAM_REDIRECT', `${where} redirects in a circle`);
    if (this.#visited.size > this.#max) {
      return fault('UPSTREAM_REDIRECT', `${where} redirects more than ${this.#max} times`);
    }
    this.#visited.add(target(to));
    return to;
  }
}

/** What of a URL goes on the wire; neither a fragment nor userinfo makes another place of it. */
function target(url: URL): string {
  return url.pathname + url.search;
}
