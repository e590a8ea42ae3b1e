/**
 * URLs as requests need them and as people may see them. Pure; it refuses to let userinfo or a query, where secrets
 * live, reach an error or a log.
 */

/**
 * A URL fit for messages: scheme, host and path. Userinfo is left out, a query is shown as `?…`. What is no http: or
 * https: URL is not shown at all: in `user:password@host` the scheme is `user`.
 */
export function redactUrl(url: string | URL): string {
  const parsed = typeof url === 'string' ? parseUrl(url) : url;
  if (parsed === undefined || !isHttp(parsed)) return '(invalid URL)';
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}${parsed.search === '' ? '' : '?…'}`;
}

/** Its scheme, host and port, which hold no secret. */
export function originOf(url: string): string | undefined {
  const parsed = parseUrl(url);
  return parsed !== undefined && isHttp(parsed) ? parsed.origin : undefined;
}

/** Whether a request can be sent there. */
export function isHttp(url: URL): boolean {
  return url.protocol === 'http:' || url.protocol === 'https:';
}

/** The URL, resolved against `base` if given, or undefined; the error of `new URL` would carry the input. */
export function parseUrl(url: string, base?: URL): URL | undefined {
  return URL.canParse(url, base?.href) ? new URL(url, base) : undefined;
}

/** The value of an Authorization header for a URL with userinfo (RFC 7617, UTF-8), undefined without. */
export function basicAuthorization(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined;
  const pair = `${decode(url.username)}:${decode(url.password)}`;
  return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
}

/** Percent-decodes; a stray `%` stays what it is. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
