/**
 * The Retry-After field (RFC 9110 §10.2.3). Pure; it refuses to cap.
 */

const SECONDS = /^\d+$/;
/** All three forms of HTTP-date begin with the name of a day; `Date.parse` alone takes much that is none. */
const HTTP_DATE = /^[A-Z][a-z]{2,8},? /;

/** Milliseconds to wait, at least 0: from seconds or from an HTTP-date against `wallNow`. Undefined if absent or neither. */
export function parseRetryAfter(value: string | undefined, wallNow: number): number | undefined {
  const text = value?.trim() ?? '';
  if (SECONDS.test(text)) return Number(text) * 1_000;
  const date = HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(date - wallNow, 0);
}
