/**
 * What of a client's request goes upstream: the headers that `forwardHeaders` names, nothing else. Clients whose values
 * differ share no channel, and with it no upstream, no log, no resume and no private request. It refuses to judge the
 * values, and to let one be seen: where a channel has to be named, a keyed digest stands for them.
 */
import { createHmac, randomBytes } from 'node:crypto';

/** Names in lower case, as Node has them. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Of the digest: two sets of values that share one would share a channel. */
const DIGEST_BYTES = 16;

/** The headers of these names that a client sent; `names` in lower case and sorted. */
export function forwardedHeaders(names: readonly string[], headers: RequestHeaders): Record<string, string> {
  const chosen: Record<string, string> = Object.create(null);
  for (const name of names) {
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
    if (value !== undefined) chosen[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return chosen;
}

/** Names for sets of forwarded headers: good for one life of the process, and no way back to the values. */
export class ForwardedDigest {
  readonly #secret = randomBytes(32);

  /** `#` and the digest, which no configured name and no parameter can contain; empty for a client that sent none of them. */
  of(forwarded: Readonly<Record<string, string>>): string {
    const entries = Object.entries(forwarded);
    if (entries.length === 0) return '';
    const digest = createHmac('sha256', this.#secret).update(JSON.stringify(entries)).digest();
    return `#${digest.subarray(0, DIGEST_BYTES).toString('base64url')}`;
  }
}
