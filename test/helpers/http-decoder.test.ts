import t from 'tap';
import { ResponseDecoder, type ResponseHead } from './http-decoder.js';

function decode(text: string, size = text.length) {
  const heads: ResponseHead[] = [];
  let body = '';
  const decoder = new ResponseDecoder({
    head: (head) => heads.push(head),
    body: (bytes) => (body += bytes.toString('latin1')),
  });
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += size) decoder.push(bytes.subarray(at, at + size));
  return { decoder, heads, body };
}

const CHUNKED =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-A: 1\r\nx-a:2 \r\nTransfer-Encoding: chunked\r\n\r\n' +
  '5\r\nhello\r\n0C\r\n\r\n world\r\n!!\r\n0\r\n\r\n';

t.test('a chunked body comes out the same however its bytes are split', async (t) => {
  for (let size = 1; size <= CHUNKED.length; size += 1) {
    const { decoder, heads, body } = decode(CHUNKED, size);
    if (body !== 'hello\r\n world\r\n!!' || !decoder.complete || heads.length !== 1)
      t.fail(`split by ${size}`);
  }
  const { decoder, heads } = decode(CHUNKED);
  t.equal(decoder.chunks, 2);
  t.match(heads[0], { status: 200, httpVersion: '1.1', headers: { 'content-type': 'text/event-stream' } });
  t.equal(heads[0]?.headers['x-a'], '1, 2');
});

t.test(
  'a counted body, one without content, and one behind an interim answer complete by themselves',
  async (t) => {
    t.ok(decode('HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc', 1).decoder.complete);
    t.ok(decode('HTTP/1.1 204 No Content\r\n\r\n').decoder.complete);
    const { heads, body } = decode(
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
    );
    t.equal(heads.length, 1);
    t.equal(body, 'ok');
  },
);

t.test('the end of the connection completes an identity body and cuts every other one', async (t) => {
  t.ok(decode('HTTP/1.0 200 OK\r\n\r\nabc').decoder.end());
  t.notOk(decode(CHUNKED.slice(0, -1)).decoder.end());
  t.notOk(decode('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab').decoder.end());
  t.notOk(decode('HTTP/1.1 200 OK\r\n').decoder.end());
});

t.test('broken framing is an error and never a guess', async (t) => {
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  const broken = [
    'HTTP/2 200 OK\r\n\r\n',
    'HTTP/1.1 200\r\n\r\n',
    'HTTP/1.1 200 OK\r\nno colon\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    `${chunked}5\nhello\r\n`,
    `${chunked}zz\r\n`,
    `${chunked}1\r\nab\r\n`,
    `${chunked}0\r\nTrailer: x\r\n`,
    `${chunked}0\r\n\r\nmore`,
    `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}`,
  ];
  for (const text of broken) t.throws(() => decode(text), Error, JSON.stringify(text.slice(0, 80)));
});
