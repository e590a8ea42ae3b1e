import t from 'tap';
import { type SseEvent, SseLines } from './sse-lines.js';

function read(stream: string | Buffer, size?: number) {
  const events: SseEvent[] = [];
  const comments: string[] = [];
  const retries: number[] = [];
  const lines = new SseLines({
    event: (event) => events.push(event),
    comment: (text) => comments.push(text),
    retry: (ms) => retries.push(ms),
  });
  const bytes = Buffer.from(stream);
  const step = size ?? bytes.length;
  for (let at = 0; at < bytes.length; at += step) lines.push(bytes.subarray(at, at + step));
  return { lines, events, comments, retries };
}

const plain = (events: SseEvent[]) => events.map(({ id, type, data }) => [id, type, data]);

t.test('one stream gives the same events with LF, CRLF and CR, however it is split', async (t) => {
  const stream =
    '\uFEFF: hi\nretry: 3000\nid: 1\ndata: Grüße\ndata\ndata:  🎈\n\nevent: ping\ndata:x\n\nevent: lost\n\nid\ndata\n\n';
  const expected = [
    ['1', 'message', 'Grüße\n\n 🎈'],
    ['1', 'ping', 'x'],
    ['', 'message', ''],
  ];
  for (const newline of ['\n', '\r\n', '\r']) {
    const bytes = Buffer.from(stream.replaceAll('\n', newline));
    for (let size = 1; size <= bytes.length; size += 1) {
      const { events, comments, retries, lines } = read(bytes, size);
      const same = JSON.stringify(plain(events)) === JSON.stringify(expected);
      if (!same || comments[0] !== ' hi' || retries[0] !== 3000 || !lines.atBoundary) {
        t.fail(`${JSON.stringify(newline)} split by ${size}`, { events });
      }
    }
  }
  t.same(plain(read(stream).events), expected);
});

t.test('fields that the standard ignores are ignored', async (t) => {
  const { events, retries } = read(
    'id: a\0b\nretry: 1s\nretry: -1\nretry:\nDATA: no\n data: no\ndata: yes\n\n',
  );
  t.same(events, [{ id: '', idField: undefined, type: 'message', data: 'yes' }]);
  t.same(retries, []);
});

t.test('an id counts from its blank line on, data or not, and an unfinished event never does', async (t) => {
  const { events, lines } = read('id: 1\ndata: a\n\nid: 2\n\ndata: b\n\nid: 3\ndata: c\n');
  t.same(
    events.map((event) => [event.id, event.idField, event.data]),
    [
      ['1', '1', 'a'],
      ['2', undefined, 'b'],
    ],
  );
  t.equal(lines.lastEventId, '2');
  t.notOk(lines.atBoundary);
});

t.test('the boundary is where no event and no line is unfinished', async (t) => {
  t.ok(read('data: a\n\n').lines.atBoundary);
  t.ok(read('data: a\n\n: comment\n').lines.atBoundary);
  t.notOk(read('data: a\n').lines.atBoundary);
  t.notOk(read('data: a\n\nd').lines.atBoundary);
});

t.test('bytes that are no UTF-8 become replacement characters', async (t) => {
  const { events } = read(Buffer.from([...Buffer.from('data: '), 0xff, 0xc3, 10, 10]));
  t.equal(events[0]?.data, '\uFFFD\uFFFD');
});
