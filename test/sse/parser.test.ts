import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import t from 'tap';
import { Parser } from '../../src/sse/parser.js';
import { chunkedStreams, fuzzRuns } from '../fixtures/sse/arbitraries.js';
import { chunks } from '../fixtures/sse/generators.js';
import { STREAMS } from '../fixtures/sse/streams.js';
import { Reading, readChunks } from './reading.js';
import { interpret } from './reference.js';

t.test(
  'every fixture is read as the standard says: whole, cut in two anywhere, cut into single bytes',
  async (t) => {
    for (const { name, bytes, events, lastEventId, retry } of STREAMS) {
      const expected = { events, lastEventId, retry };
      t.strictSame(readChunks([bytes]), expected, name);
      for (let at = 0; at <= bytes.length; at++) {
        const parts = [bytes.subarray(0, at), bytes.subarray(at)];
        if (!same(readChunks(parts), expected))
          t.strictSame(readChunks(parts), expected, `${name}, cut at ${at}`);
      }
      t.strictSame(readChunks(chunks(bytes, 1)), expected, `${name}, byte by byte`);
    }
  },
);

t.test('after every single byte exactly those events are out that the bytes so far complete', async (t) => {
  for (const { name, bytes } of STREAMS) {
    const reading = new Reading();
    let late = -1;
    for (let at = 0; at < bytes.length && late < 0; at++) {
      reading.feed(bytes.subarray(at, at + 1));
      if (!same(reading.interpretation, interpret(bytes.subarray(0, at + 1)))) late = at;
    }
    t.equal(late, -1, name);
  }
});

t.test('any stream in any chunks is read as the reference reads it', async (t) => {
  fc.assert(
    fc.property(chunkedStreams, ({ bytes, chunks: parts }) => {
      const expected = interpret(bytes);
      const actual = readChunks(parts);
      if (!same(actual, expected)) t.strictSame(actual, expected);
      return same(actual, expected);
    }),
    { numRuns: fuzzRuns() },
  );
  t.pass('they agree');
});

t.test(
  'a CR as the last byte of a chunk ends the line at once, and a LF behind it is no second line end',
  async (t) => {
    const reading = new Reading();
    reading.feed('data: a\r\r');
    t.equal(reading.events.length, 1, 'out before the next byte is known');
    reading.feed('\n', 'data: b\r', '\n', '\r', '\n\n');
    t.strictSame(
      reading.events.map((event) => event.data),
      ['a', 'b'],
    );
  },
);

t.test('retry is known as soon as its line ends, in the middle of a block', async (t) => {
  const reading = new Reading();
  t.equal(reading.parser.retry, -1);
  reading.feed('data: a\nret', 'ry: 25', '00');
  t.equal(reading.parser.retry, -1);
  reading.feed('\n');
  t.equal(reading.parser.retry, 2_500);
  t.equal(reading.events.length, 0);
});

t.test(
  'the events of a chunk come in one call, one that began in an earlier chunk in a call of its own',
  async (t) => {
    const reading = new Reading();
    reading.feed('data: a\n\ndata: b\n\ndata: c\n\ndata: d');
    t.equal(reading.calls, 1);
    t.equal(reading.events.length, 3);
    reading.feed('\n\ndata: e\n\ndata: f\n\n');
    t.equal(reading.calls, 3);
    t.equal(reading.events.length, 6);
  },
);

t.test('an unfinished event is in view, and no longer once it ends', async (t) => {
  const reading = new Reading();
  const { parser } = reading;
  t.equal(parser.open, undefined);
  reading.feed('data: a\n\n: comment\nid: 1\ndata: b');
  const span = parser.open!;
  t.equal(span.bytes.toString('latin1', span.start, span.end), 'id: 1\ndata: b');
  reading.feed('\ndata: c');
  t.equal(parser.open!.bytes.toString(), 'id: 1\ndata: b\ndata: c');
  reading.feed('\n\n');
  t.equal(parser.open, undefined);
});

t.test('a reset leaves nothing of the connection before it, wherever that was cut', async (t) => {
  const cuts = {
    'in a byte order mark': [0xef, 0xbb],
    'in a character': Buffer.from('data: é').subarray(0, 7),
    'between CR and LF': Buffer.from('data: a\r'),
    'behind a blank line of CR': Buffer.from('data: a\r\r'),
    'in an event': Buffer.from('id: 1\nevent: e\ndata: a\ndata: b'),
    'in an unknown line': Buffer.from('foo: bar'),
    'in a comment': Buffer.from(': hb'),
    'behind a retry': Buffer.from('retry: 5\n'),
  };
  for (const [where, before] of Object.entries(cuts)) {
    const reading = new Reading();
    reading.feed(Buffer.from(before));
    reading.parser.reset();
    reading.events = [];
    t.equal(reading.parser.open, undefined, where);
    t.equal(reading.parser.heldBytes, 0, where);
    reading.feed('\ufeff\ndata: x\n\n');
    t.strictSame(reading.interpretation, { ...interpret(Buffer.from('data: x\n\n')), retry: -1 }, where);
  }
});

t.test('a reset from within the call drops the rest of the chunk', async (t) => {
  let events = 0;
  const parser: Parser = new Parser(
    (_bytes, records) => {
      events += records.count;
      parser.reset();
    },
    { maxEventBytes: 100 },
  );
  t.equal(parser.feed(Buffer.from('data: a\n\ndata: b')), undefined);
  t.equal(events, 1);
  t.equal(parser.open, undefined, 'the unfinished event behind it is gone');
  parser.feed(Buffer.from('data: c'));
  t.equal(
    parser.feed(Buffer.from(`\n\ndata: d\n\ndata: ${'x'.repeat(100)}`)),
    undefined,
    'not even looked at',
  );
  t.equal(events, 2);
  t.equal(parser.heldBytes, 0);
});

t.test('a parser may feed another one from within the call', async (t) => {
  const inner = new Reading();
  const seen: string[] = [];
  const outer = new Parser(
    (bytes, records) => {
      inner.feed('data: inner\n\ndata: 1\ndata: 2\n\n');
      for (let i = 0; i < records.count; i++) {
        const k = records.firstLine(i);
        seen.push(bytes.toString('latin1', records.lineStart(k), records.lineEnd(k)));
      }
    },
    { maxEventBytes: 100 },
  );
  outer.feed(Buffer.from('data: a\n\ndata: b\n\ndata: c\n\n'));
  t.strictSame(seen, ['a', 'b', 'c']);
  t.equal(inner.events.length, 2);
});

t.test('after a call that threw, other parsers are unharmed', async (t) => {
  const broken = new Parser(
    () => {
      throw new Error('thrown on purpose');
    },
    { maxEventBytes: 100 },
  );
  t.throws(() => broken.feed(Buffer.from('data: a\n\n')), { message: 'thrown on purpose' });
  t.strictSame(readChunks([Buffer.from('data: b\n\n')]).events, [
    { type: 'message', data: 'b', lastEventId: '' },
  ]);
});

t.test('two parsers fed in turns do not see each other', async (t) => {
  const a = new Reading();
  const b = new Reading();
  a.feed('data: a1\ndata: a2');
  b.feed('data: b1\n\ndata: b2');
  a.feed('\n\n');
  b.feed('\n\n');
  t.strictSame(
    a.events.map((event) => event.data),
    ['a1\na2'],
  );
  t.strictSame(
    b.events.map((event) => event.data),
    ['b1', 'b2'],
  );
});

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
