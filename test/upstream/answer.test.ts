import t from 'tap';
import { type Answer, judge } from '../../src/upstream/answer.js';

const NOW = Date.UTC(2030, 0, 1);

/** What `judge` says in one line: `good`, `redirect <location>`, or `<reason>` with `!` for terminal. */
function verdict(status: number, headers: Answer['headers'] = {}): string {
  const found = judge({ status, headers }, 'http://up.test/', NOW);
  if (found.kind === 'good') return 'good';
  if (found.kind === 'redirect') return `redirect ${found.location}`;
  return found.fault.reason + (found.fault.terminal ? '!' : '');
}

const stream = (contentType: string | string[], more: Answer['headers'] = {}) =>
  verdict(200, { 'content-type': contentType, ...more });

t.test('200 with text/event-stream is good, in any case and with parameters', async (t) => {
  for (const type of [
    'text/event-stream',
    'TEXT/Event-Stream',
    ' text/event-stream ; charset=utf-8',
    'text/event-stream;charset="UTF-8"',
    'text/event-stream; charset=utf8',
    'text/event-stream; v=1',
    'text/event-stream;',
  ]) {
    t.equal(stream(type), 'good', type);
  }
});

t.test('200 of another type, or of none, is terminal', async (t) => {
  t.equal(verdict(200), 'content-type!');
  for (const type of [
    'text/html',
    'application/json',
    'text/event-streams',
    'xtext/event-stream',
    'text/plain; x=text/event-stream',
  ]) {
    t.equal(stream(type), 'content-type!', type);
  }
});

t.test('an event stream in another charset than UTF-8 is terminal', async (t) => {
  t.equal(stream('text/event-stream; charset=iso-8859-1'), 'content-type!');
});

t.test('of several Content-Type fields the last counts', async (t) => {
  t.equal(stream(['text/html', 'text/event-stream']), 'good');
  t.equal(stream(['text/event-stream', 'text/html']), 'content-type!');
});

t.test('an encoded stream is refused, but may be asked for again', async (t) => {
  for (const encoding of ['gzip', 'br', 'identity, gzip']) {
    t.equal(stream('text/event-stream', { 'content-encoding': encoding }), 'content-encoding', encoding);
  }
});

t.test('Content-Encoding: identity, or an empty one, is no encoding', async (t) => {
  t.equal(stream('text/event-stream', { 'content-encoding': 'Identity' }), 'good');
  t.equal(stream('text/event-stream', { 'content-encoding': '' }), 'good');
});

t.test('204 is terminal, with a word of its own', async (t) => {
  t.equal(verdict(204), 'no-content!');
});

t.test('401, 403, 404 and 410 are terminal', async (t) => {
  for (const status of [401, 403, 404, 410]) t.equal(verdict(status), 'status!', String(status));
});

t.test('every other status is retryable', async (t) => {
  for (const status of [201, 206, 300, 304, 400, 405, 408, 418, 429, 431, 500, 502, 503, 504, 599]) {
    t.equal(verdict(status, { 'content-type': 'text/event-stream' }), 'status', String(status));
  }
});

t.test('301, 302, 303, 307 and 308 with a Location are redirects, without one a status', async (t) => {
  for (const status of [301, 302, 303, 307, 308]) {
    t.equal(verdict(status, { location: '/there' }), 'redirect /there', String(status));
    t.equal(verdict(status), 'status', String(status));
  }
});

t.test('a status fault carries its Retry-After', async (t) => {
  const found = judge({ status: 429, headers: { 'retry-after': '7' } }, 'http://up.test/', NOW);
  t.equal(found.kind === 'fault' && found.fault.retryAfterMs, 7_000);
});

t.test('each fault has the code of its reason', async (t) => {
  const code = (status: number, headers: Answer['headers'] = {}) => {
    const found = judge({ status, headers }, 'http://up.test/', NOW);
    return found.kind === 'fault' ? found.fault.error.code : found.kind;
  };
  t.equal(code(500), 'SSE_GATEWAY_UPSTREAM_STATUS');
  t.equal(code(204), 'SSE_GATEWAY_UPSTREAM_NO_CONTENT');
  t.equal(code(200), 'SSE_GATEWAY_UPSTREAM_CONTENT_TYPE');
  const gzip = { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' };
  t.equal(code(200, gzip), 'SSE_GATEWAY_UPSTREAM_CONTENT_ENCODING');
});

t.test('a message shows at most a hundred characters of what the upstream said', async (t) => {
  const found = judge(
    { status: 200, headers: { 'content-type': 'x'.repeat(10_000) } },
    'http://up.test/',
    NOW,
  );
  t.ok(found.kind === 'fault' && found.fault.error.message.length < 250);
});
