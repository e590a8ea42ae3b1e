import fc from 'fast-check';
import t from 'tap';
import {
  cursorHeader,
  dispatchOptions,
  MAX_CURSOR_BYTES,
  type StreamRequest,
} from '../../src/upstream/request.js';

const bytes = (text: string) => new TextEncoder().encode(text);

function fieldsOf(request: Partial<StreamRequest>): Record<string, string> {
  const url = new URL('http://up.test/stream?x=1#part');
  const options = dispatchOptions({
    url,
    headers: {},
    authorization: undefined,
    lastEventId: undefined,
    ...request,
  });
  const flat = options.headers as string[];
  const fields: Record<string, string> = {};
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i]!.toLowerCase();
    if (name in fields) throw new Error(`${name} is sent twice`);
    fields[name] = flat[i + 1]!;
  }
  return fields;
}

t.test(
  'the request is a GET of path and query, without fragment and without timeouts of undici',
  async (t) => {
    const url = new URL('http://user:pass@up.test/stream?x=1#part');
    const options = dispatchOptions({ url, headers: {}, authorization: undefined, lastEventId: undefined });
    t.match(options, {
      origin: 'http://up.test',
      path: '/stream?x=1',
      method: 'GET',
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  },
);

t.test('it asks for an event stream, not encoded and not stored', async (t) => {
  t.same(fieldsOf({}), {
    accept: 'text/event-stream',
    'accept-encoding': 'identity',
    'cache-control': 'no-store',
  });
});

t.test('our fields win over the user’s, in any case; other fields of the user are sent', async (t) => {
  const headers = { ACCEPT: 'text/html', 'accept-Encoding': 'gzip', 'LAST-event-id': '7', 'X-Key': 'k' };
  t.same(fieldsOf({ headers }), {
    accept: 'text/event-stream',
    'accept-encoding': 'identity',
    'cache-control': 'no-store',
    'x-key': 'k',
  });
});

t.test('an Authorization of the user wins over the one made from userinfo', async (t) => {
  t.equal(fieldsOf({ authorization: 'Basic eA==' })['authorization'], 'Basic eA==');
  const headers = { authorization: 'Bearer b' };
  t.equal(fieldsOf({ authorization: 'Basic eA==', headers })['authorization'], 'Bearer b');
});

t.test('Last-Event-ID is sent when there is one', async (t) => {
  t.equal(fieldsOf({ lastEventId: '42' })['last-event-id'], '42');
});

t.test('an id becomes a string with one Latin-1 character per UTF-8 byte', async (t) => {
  t.equal(cursorHeader(bytes('é☃')), '\u00c3\u00a9\u00e2\u0098\u0083');
});

t.test('an id is read from its own bytes, not from the buffer behind them', async (t) => {
  t.equal(cursorHeader(bytes('xx17yy').subarray(2, 4)), '17');
});

t.test('an id that a field can not carry unchanged is not sendable', async (t) => {
  for (const id of ['', 'a\u0000b', 'a\u0007b', 'a\rb', 'a\nb', 'a\u007fb', ' a', 'a ', '\ta', 'a\t']) {
    t.equal(cursorHeader(bytes(id)), undefined, JSON.stringify(id));
  }
  t.equal(cursorHeader(bytes('a \tb')), 'a \tb');
});

t.test('an id that would fill a server’s header buffer is not sendable', async (t) => {
  t.equal(cursorHeader(bytes('x'.repeat(MAX_CURSOR_BYTES)))?.length, MAX_CURSOR_BYTES);
  t.equal(cursorHeader(bytes('x'.repeat(MAX_CURSOR_BYTES + 1))), undefined);
});

t.test('whatever is sendable keeps its bytes, and is what HTTP allows in a field', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (id) => {
      const value = cursorHeader(id);
      if (value === undefined) return true;
      return (
        Buffer.from(value, 'latin1').equals(id) &&
        /^[!-~\x80-\xff]([\t -~\x80-\xff]*[!-~\x80-\xff])?$/.test(value)
      );
    }),
  );
});
