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
