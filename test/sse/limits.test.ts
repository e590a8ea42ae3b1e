/** What the parser may cost: memory between feeds, work per byte, and the size at which it gives up. */
import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import t from 'tap';
import { chunkedStreams, fuzzRuns } from '../fixtures/sse/arbitraries.js';
import {
  chunks,
  type Generated,
  heartbeats,
  large,
  manyLines,
  ticks,
  tokens,
} from '../fixtures/sse/generators.js';
import { Reading } from './reading.js';

const MAX = 64;

t.test('days of heartbeats without a blank line hold and copy nothing, in any chunks', async (t) => {
  const { bytes } = heartbeats(20_000);
  for (const size of [1, 3, 5, 7, 1_400]) {
    const reading = new Reading(MAX);
    let held = 0;
    for (const part of chunks(bytes, size)) {
      if (reading.feed(part) !== undefined) t.fail('it gave up');
      held += reading.parser.heldBytes;
    }
    t.equal(held, 0, `chunks of ${size}`);
    t.equal(reading.parser.copiedBytes, 0, `chunks of ${size}`);
  }
});

t.test('unknown fields outside a block are not held either', async (t) => {
  const reading = new Reading(MAX);
  for (let k = 0; k < 100; k++) reading.feed('foo: ba', 'r\nnothing\n', 'retry: 10', '\n');
  t.equal(reading.parser.heldBytes, 0);
  t.equal(reading.parser.retry, 10);
});

t.test('a parser between two events holds no memory, however large the last one was', async (t) => {
  for (const stream of [tokens(200), ticks(200), large(1), manyLines(1)]) {
    const reading = new Reading();
    for (const part of chunks(stream.bytes, 1_400)) reading.feed(part);
    t.equal(reading.events.length, stream.events);
    t.equal(reading.parser.heldBytes, 0);
  }
});

t.test(
  'after a large event that ends in mid-chunk the memory is that of the small one behind it',
  async (t) => {
    for (const stream of [large(1), manyLines(1)]) {
      const reading = new Reading();
      for (const part of chunks(stream.bytes.subarray(0, -10), 65_536)) reading.feed(part);
      t.ok(reading.parser.heldBytes > 150_000, 'held while it is needed');
      reading.feed(Buffer.concat([stream.bytes.subarray(-10), Buffer.from('data: unfinished')]));
      t.ok(reading.parser.heldBytes < 2_048, `${reading.parser.heldBytes} bytes`);
    }
  },
);

t.test('an unfinished event of n bytes holds at most twice its bytes and its lines', async (t) => {
  const reading = new Reading();
  for (const part of chunks(large(1).bytes.subarray(0, 700_000), 1_400)) reading.feed(part);
  t.ok(reading.parser.heldBytes <= 2 * 700_000 + 2_048, `${reading.parser.heldBytes} bytes`);
});

t.test(
  'work is linear: no chunk size makes the parser copy or look at a byte more than a few times',
  async (t) => {
    const shapes: Record<string, Generated> = {
      tokens: tokens(500),
      ticks: ticks(2_000),
      large: large(2),
      manyLines: manyLines(1),
      carriageReturns: { bytes: Buffer.from('data: a\rdata: b\r\r'.repeat(5_000)), events: 5_000 },
      blankLines: { bytes: Buffer.alloc(100_000, '\n'), events: 0 },
      blankLinesOfCr: { bytes: Buffer.alloc(100_000, '\r'), events: 0 },
      oneLineOfCommas: { bytes: Buffer.from(`data: ${','.repeat(500_000)}\n\n`), events: 1 },
    };
    for (const [name, { bytes, events }] of Object.entries(shapes)) {
      for (const size of [1, 17, 1_400, 65_536]) {
        if (size === 1 && bytes.length > 600_000) continue;
        const reading = new Reading();
        for (const part of chunks(bytes, size)) reading.feed(part);
        const { copiedBytes, scannedBytes } = reading.parser;
        t.equal(reading.events.length, events);
        // Once for the append, less than twice for the growth, less than once for what was appended in vain.
        t.ok(
          copiedBytes <= 4 * bytes.length,
          `${name} by ${size}: copied ${(copiedBytes / bytes.length).toFixed(2)}`,
        );
        t.ok(
          scannedBytes <= 2 * bytes.length,
          `${name} by ${size}: scanned ${(scannedBytes / bytes.length).toFixed(2)}`,
        );
      }
    }
  },
);

t.test('of a stream of short events in large chunks next to nothing is copied', async (t) => {
  const { bytes } = tokens(3_000);
  const reading = new Reading();
  for (const part of chunks(bytes, 65_536)) reading.feed(part);
  t.ok(reading.parser.copiedBytes < bytes.length / 50);
});

t.test('an event of exactly the limit passes, one byte more is too large, in any chunks', async (t) => {
  const event = (length: number) => Buffer.from(`data: ${'x'.repeat(length - 8)}\n\n`);
  for (const size of [1, 7, 1_000]) {
    const fits = new Reading(MAX);
    for (const part of chunks(event(MAX), size)) t.equal(fits.feed(part), undefined);
    t.equal(fits.events.length, 1);
    const over = new Reading(MAX);
    t.equal(over.feed(...chunks(event(MAX + 1), size)), 'event-too-large');
    t.equal(over.events.length, 0);
  }
});

t.test('an endless line of any kind is too large', async (t) => {
  for (const head of [
    ':',
    'data: ',
    'id: ',
    'event: ',
    'retry: ',
    'foo: ',
    'foo',
    'dataaaa',
    '\ufeff:',
    '\ufeffdata:',
  ]) {
    const reading = new Reading(MAX);
    let code = reading.feed(head);
    let fed = head.length;
    for (; code === undefined && fed < 10 * MAX; fed++) code = reading.feed('1');
    t.equal(code, 'event-too-large', head);
    t.ok(fed <= MAX + 2, `given up after ${fed} bytes`);
    t.equal(reading.parser.heldBytes, 0, 'nothing is held any more');
  }
});

t.test('an endless block is too large, also one of comments or of nothing that is recorded', async (t) => {
  for (const line of ['data: a\n', 'data: a\r\n', 'id: 1\n', 'event: e\n', 'id: \0\n']) {
    const reading = new Reading(MAX);
    t.equal(reading.feed(...Array.from({ length: 20 }, () => line)), 'event-too-large', line);
  }
  const commented = new Reading(MAX);
  t.equal(commented.feed('data: a\n', ...Array.from({ length: 20 }, () => ': hb\n')), 'event-too-large');
});

t.test('events before the one that is too large are delivered', async (t) => {
  const reading = new Reading(MAX);
  t.equal(reading.feed(`data: a\n\ndata: b\n\ndata: ${'x'.repeat(MAX)}\n\ndata: c\n\n`), 'event-too-large');
  t.strictSame(
    reading.events.map((event) => event.data),
    ['a', 'b'],
  );
});

t.test('a parser that gave up says so for every byte, until it is reset', async (t) => {
  const reading = new Reading(MAX);
  t.equal(reading.feed('x'.repeat(MAX + 1)), 'event-too-large');
  t.equal(reading.feed('\n\ndata: a\n\n'), 'event-too-large');
  t.equal(reading.feed(''), 'event-too-large');
  t.equal(reading.events.length, 0);
  reading.parser.reset();
  t.equal(reading.feed('data: a\n\n'), undefined);
  t.equal(reading.events.length, 1);
});

t.test('whether a stream is too large does not depend on its chunks, nor do the events before', async (t) => {
  fc.assert(
    fc.property(chunkedStreams, fc.integer({ min: 4, max: 40 }), ({ bytes, chunks: parts }, max) => {
      const whole = new Reading(max);
      const pieces = new Reading(max);
      const verdict = whole.feed(bytes);
      return (
        pieces.feed(...parts) === verdict &&
        JSON.stringify(pieces.interpretation) === JSON.stringify(whole.interpretation)
      );
    }),
    { numRuns: fuzzRuns() },
  );
  t.pass('same verdict');
});
