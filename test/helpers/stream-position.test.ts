import t from 'tap';
import { StreamPosition } from './stream-position.js';

/** The bytes of `stream` behind which the position is inside an event are marked x, the others with a dot. */
function marks(stream: string): string {
  const position = new StreamPosition();
  return [...Buffer.from(stream, 'latin1')]
    .map((byte) => {
      position.push(Buffer.from([byte]));
      return position.inside ? 'x' : '.';
    })
    .join('');
}

t.test(
  'an event is inside from its first byte to the one before its blank line, with every line end',
  async (t) => {
    t.equal(marks('data: a\n\n'), 'xxxxxxxx.');
    t.equal(marks('d\r\n\r\nd\r\r'), 'xxx..xx.');
    t.equal(marks('\n\nd\n\n'), '..xx.');
  },
);

t.test('a comment is outside, unless it stands inside an event', async (t) => {
  t.equal(marks(':c\n\n'), '....');
  t.equal(marks('d\n:c\n\n'), 'xxxxx.');
  t.equal(marks(':c\nd\n\n'), '...xx.');
});

t.test('the head and chunk framing of an HTTP response are outside', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  t.equal(marks(`${head}3\r\nd\n\n\r\n2\r\nd\n\r\n`).slice(head.length), '...xx......xxxx');
});

t.test('behind the end of a response the next one on the connection begins, outside', async (t) => {
  const counted = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nd\n\n\r\n2\r\nd\n\r\n0\r\n\r\n';
  const none = 'HTTP/1.1 204 No Content\r\n\r\n';
  const stream = [counted('{"a":\n1}'), counted(''), chunked, none, counted('d\n\n'), counted('d')].join('');
  const bytewise = marks(stream);
  t.equal(bytewise.slice(-4), '...x');
  t.equal(
    [...bytewise].filter((mark) => mark === 'x').length,
    22,
    'bodies, and chunk framing within an event',
  );
  for (let size = 1; size <= stream.length; size += 1) {
    const position = new StreamPosition();
    for (let at = 0; at < stream.length; at += size) {
      const end = Math.min(at + size, stream.length);
      position.push(Buffer.from(stream.slice(at, end), 'latin1'));
      if (position.inside !== (bytewise[end - 1] === 'x')) t.fail(`pieces of ${size}, up to ${end}`);
    }
  }
});
