/**
 * What an SSE client asks for, and the bytes in which it does. It refuses to judge: any header and any path goes out as given.
 */
import type { SequenceCheck } from './sequence-check.js';

export interface SseClientOptions {
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default `/events/events`. */
  readonly path?: string;
  /** Sent as they are, in UTF-8, behind Host and Accept; one named `accept` replaces ours. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as `Last-Event-ID` in UTF-8 unless undefined. */
  readonly lastEventId?: string | undefined;
  /** Default `1.1`. */
  readonly httpVersion?: '1.0' | '1.1';
  /** Source address, e.g. 127.0.0.2: Linux answers on all of 127/8. */
  readonly localAddress?: string;
  /** What is kept: `all` events and body bytes (default), the `last` event, or none and only the sequence `check`ed. */
  readonly keep?: 'all' | 'last' | 'check';
  /** Judges the numbers; shared with the client before a reconnect to judge across it. With `keep: 'check'` the default is a new one. */
  readonly check?: SequenceCheck;
  /** Not a byte is read before `resume()`. */
  readonly paused?: boolean;
}

/** The head of the request, in UTF-8. */
export function requestBytes(options: SseClientOptions): Buffer {
  const {
    host = '127.0.0.1',
    path = '/events/events',
    port,
    httpVersion = '1.1',
    headers = {},
    lastEventId,
  } = options;
  const lines = [`GET ${path} HTTP/${httpVersion}`, `Host: ${host}:${port}`];
  if (!Object.keys(headers).some((name) => name.toLowerCase() === 'accept'))
    lines.push('Accept: text/event-stream');
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (lastEventId !== undefined) lines.push(`Last-Event-ID: ${lastEventId}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}
