/**
 * What an upstream's response head means: a stream, somewhere else, or a fault (DESIGN §8). Pure.
 * It refuses to follow, to retry and to read a body.
 *
 *     200, text/event-stream, not encoded   good
 *     301 302 303 307 308 with Location     redirect
 *     204, 401, 403, 404, 410               terminal
 *     200 of another type or charset        terminal
 *     200 with a Content-Encoding           retryable: refused, but a proxy may have put it there for a while
 *     anything else                         retryable, with the answer's Retry-After
 */
import { type Fault, fault } from './fault.js';
import { parseRetryAfter } from './retry-after.js';

/** A final response head; header names in lower case. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export type Verdict =
  | { readonly kind: 'good' }
  | { readonly kind: 'redirect'; readonly location: string }
  | { readonly kind: 'fault'; readonly fault: Fault };

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const TERMINAL: ReadonlySet<number> = new Set([401, 403, 404, 410]);

const MEDIA_TYPE = /^\s*text\/event-stream\s*(?:;|$)/i;
const CHARSET = /;\s*charset\s*=\s*"?([^";\s]*)/i;
const UTF8 = /^utf-?8$/i;

/** `where` is the redacted URL for messages; `wallNow` in ms since the Unix epoch, for dates in Retry-After. */
export function judge(answer: Answer, where: string, wallNow: number): Verdict {
  const { status } = answer;
  const location = field(answer, 'location');
  if (REDIRECTS.has(status) && location !== undefined) return { kind: 'redirect', location };
  const found = status === 200 ? judgeStream(answer, where) : judgeStatus(answer, where, wallNow);
  return found === undefined ? { kind: 'good' } : { kind: 'fault', fault: found };
}

function judgeStream(answer: Answer, where: string): Fault | undefined {
  const type = field(answer, 'content-type') ?? '';
  const charset = CHARSET.exec(type)?.[1];
  if (!MEDIA_TYPE.test(type) || (charset !== undefined && !UTF8.test(charset))) {
    const shown = JSON.stringify(type.slice(0, 100));
    const message = `${where} answered 200 with content type ${shown}, not text/event-stream in UTF-8`;
    return fault('UPSTREAM_CONTENT_TYPE', message, { terminal: true });
  }
  const encoding = field(answer, 'content-encoding')?.trim() ?? '';
  if (encoding === '' || encoding.toLowerCase() === 'identity') return undefined;
  const shown = JSON.stringify(encoding.slice(0, 100));
  return fault(
    'UPSTREAM_CONTENT_ENCODING',
    `${where} answered with content encoding ${shown}, which is refused`,
  );
}

function judgeStatus(answer: Answer, where: string, wallNow: number): Fault {
  const { status } = answer;
  if (status === 204) {
    return fault('UPSTREAM_NO_CONTENT', `${where} answered 204: it wants no reconnect`, { terminal: true });
  }
  return fault('UPSTREAM_STATUS', `${where} answered ${status}`, {
    terminal: TERMINAL.has(status),
    retryAfterMs: parseRetryAfter(field(answer, 'retry-after'), wallNow),
  });
}

/** A field's value; of one sent several times the last, as the Fetch standard takes it for Content-Type. */
function field(answer: Answer, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value.at(-1) : value;
}
