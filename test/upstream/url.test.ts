import t from 'tap';
import { basicAuthorization, parseUrl, redactUrl } from '../../src/upstream/url.js';

t.test('a redacted URL shows scheme, host and path, and that there is a query', async (t) => {
  t.equal(redactUrl('https://user:pass@up.test:8443/a/b?token=1#x'), 'https://up.test:8443/a/b?…');
  t.equal(redactUrl(new URL('http://up.test')), 'http://up.test/');
});

t.test('nothing is shown of what is no http URL', async (t) => {
  t.equal(redactUrl('user:pass@host'), '(invalid URL)');
  t.equal(redactUrl('user:pass@@ not a url'), '(invalid URL)');
});

t.test('a URL that can not be parsed is undefined, not an error that carries it', async (t) => {
  t.equal(parseUrl('http://user:pass@'), undefined);
  t.equal(parseUrl('/only/a/path'), undefined);
});

t.test('userinfo becomes Basic authorization in UTF-8, percent-decoded', async (t) => {
  const authorization = basicAuthorization(new URL('http://j%C3%BCrgen:p%40ss@up.test/'));
  t.equal(authorization, `Basic ${Buffer.from('jürgen:p@ss').toString('base64')}`);
});

t.test('a lone user, or a lone password, is userinfo too', async (t) => {
  t.equal(basicAuthorization(new URL('http://user@up.test/')), `Basic ${btoa('user:')}`);
  t.equal(basicAuthorization(new URL('http://:pass@up.test/')), `Basic ${btoa(':pass')}`);
});

t.test('a stray percent sign in userinfo stays what it is', async (t) => {
  t.equal(basicAuthorization(new URL('http://a%zz:b@up.test/')), `Basic ${btoa('a%zz:b')}`);
});

t.test('without userinfo there is no authorization', async (t) => {
  t.equal(basicAuthorization(new URL('http://up.test/')), undefined);
});
