import t from 'tap';
import { Redirects } from '../../src/upstream/redirect.js';

const START = new URL('http://up.test/a/stream?token=secret');

/** Where a Location leads from the start, or the reason and code of the refusal. */
function follow(location: string, max = 5): string {
  const next = new Redirects(START, max).next(START, location);
  return next instanceof URL ? next.href : `${next.reason}${next.terminal ? '!' : ''}`;
}

t.test('a Location on the same origin is followed, relative ones resolved', async (t) => {
  t.equal(follow('http://up.test:80/b'), 'http://up.test/b');
  t.equal(follow('/b?x=1'), 'http://up.test/b?x=1');
  t.equal(follow('b'), 'http://up.test/a/b');
  t.equal(follow('//up.test/b'), 'http://up.test/b');
});

t.test('another host, port or scheme is another origin, and terminal', async (t) => {
  for (const location of [
    'http://other.test/',
    '//other.test/',
    'http://up.test:81/',
    'https://up.test/',
    'http://127.0.0.1/',
    'file:///etc/passwd',
    'data:text/event-stream,data',
    'http://up.test@other.test/',
  ]) {
    t.equal(follow(location), 'redirect!', location);
  }
});

t.test('a Location that is no URL is refused, not thrown', async (t) => {
  t.equal(follow('http://['), 'redirect');
});

t.test('a way back to a place of the same attempt is refused', async (t) => {
  const redirects = new Redirects(START, 5);
  const second = redirects.next(START, '/b');
  t.ok(second instanceof URL);
  const back = redirects.next(second as URL, '/a/stream?token=secret#elsewhere');
  t.equal(back instanceof URL || back.reason, 'redirect');
});

t.test('as many redirects as allowed are followed and not one more', async (t) => {
  const redirects = new Redirects(START, 5);
  for (let i = 1; i <= 5; i++) t.ok(redirects.next(START, `/${i}`) instanceof URL, `redirect ${i}`);
  const sixth = redirects.next(START, '/6');
  t.equal(sixth instanceof URL || sixth.error.code, 'SSE_GATEWAY_UPSTREAM_REDIRECT');
});

t.test('with none allowed the first is refused', async (t) => {
  t.equal(follow('/b', 0), 'redirect');
});

t.test('a refusal shows no query and no userinfo', async (t) => {
  const refused = new Redirects(START, 5).next(START, 'http://user:secret@other.test/?secret');
  t.notOk(refused instanceof URL || refused.error.message.includes('secret'));
});
