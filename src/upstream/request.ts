/**
 * The request of an event stream as undici takes it (WHATWG HTML §9.2.3, DESIGN §7 and §8). Pure.
 * It refuses to send an id that a header field can't carry unchanged.
 */
import type { Dispatcher } from 'undici';

/**
 * Longest id sent, in bytes. Servers and proxies commonly take 8 KiB per field or for all of them; an id that makes
 * every reconnect a 431 would lock the channel out for good.
 */
export const MAX_CURSOR_BYTES = 4_096;

export interface StreamRequest {
  readonly url: URL;
  /** The user's headers. Ours win over those of the same name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Value of Authorization made from userinfo; the user's own field wins over it. */
  readonly authorization: string | undefined;
  /** Value of Last-Event-ID, from `cursorHeader`. */
  readonly lastEventId: string | undefined;
}

/**
 * An id as a header value: its bytes as a Latin-1 string, which undici puts on the wire one byte per character.
 * Undefined if it can't arrive as it is: control characters, blanks at its edges (RFC 9110 §5.5), more than 4 KiB.
 */
export function cursorHeader(cursor: Uint8Array): string | undefined {
  if (cursor.length === 0 || cursor.length > MAX_CURSOR_BYTES) return undefined;
  for (const byte of cursor) if ((byte < 0x20 && byte !== 0x09) || byte === 0x7f) return undefined;
  if (isBlank(cursor[0]!) || isBlank(cursor[cursor.length - 1]!)) return undefined;
  return Buffer.from(cursor.buffer, cursor.byteOffset, cursor.length).toString('latin1');
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09;
}

/** GET on a connection of its own: `reset` asks for `Connection: close`, and undici's own timeouts are off. */
export function dispatchOptions(request: StreamRequest): Dispatcher.DispatchOptions {
  const { url } = request;
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    method: 'GET',
    headers: requestHeaders(request),
    reset: true,
    headersTimeout: 0,
    bodyTimeout: 0,
  };
}

function requestHeaders(request: StreamRequest): string[] {
  const fields = new Map<string, [name: string, value: string]>();
  const set = (name: string, value: string | undefined) => {
    if (value !== undefined) fields.set(name.toLowerCase(), [name, value]);
  };
  set('Authorization', request.authorization);
  for (const [name, value] of Object.entries(request.headers)) set(name, value);
  fields.delete('last-event-id');
  set('Accept', 'text/event-stream');
  set('Accept-Encoding', 'identity');
  set('Cache-Control', 'no-store');
  set('Last-Event-ID', request.lastEventId);
  return [...fields.values()].flat();
}
