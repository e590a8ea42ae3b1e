import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import t from 'tap';
import { nearby, wordsOf } from '../../src/sse/words.js';
import { fuzzRuns, streams } from '../fixtures/sse/arbitraries.js';
import { readChunks } from './reading.js';
import { interpret } from './reference.js';

/** Long enough for words to be looked at. */
const FILLER = Buffer.from(`\n: ${'x'.repeat(1_100)}\n`);

t.test('a short chunk is not worth a view, a long one is', async (t) => {
  t.equal(wordsOf(Buffer.alloc(100)), undefined);
  t.equal(wordsOf(FILLER)?.byteLength, FILLER.length);
});

t.test('the first match is found wherever it lies, among bytes that differ from it by a bit', async (t) => {
  // A borrow between the bytes of a word must not make a match of a neighbour.
  const similar = fc.constantFrom(0x0a, 0x0b, 0x09, 0x0d, 0x8a, 0x8b, 0x1a, 0x4a, 0x00, 0xff);
  const mostlyOther = fc.oneof(
    { weight: 1, arbitrary: similar },
    { weight: 6, arbitrary: fc.constant(0x0b) },
  );
  fc.assert(
    fc.property(
      fc.array(mostlyOther, { minLength: 4, maxLength: 130 }),
      fc.nat({ max: 60 }),
      fc.nat({ max: 7 }),
      (values, from, shift) => {
        const bytes = Buffer.concat([Buffer.alloc(shift, 0x0a), Buffer.from(values), Buffer.alloc(9, 0x0a)]);
        const part = bytes.subarray(shift, shift + values.length);
        const words = new DataView(part.buffer, part.byteOffset, part.length);
        const found = nearby(words, 0x0a, from, part.length);
        const expected = part.indexOf(0x0a, from);
        // Not found so far: nothing lies before the place where it is still to be looked for.
        return found >= 0 ? found === expected : expected < 0 || expected >= ~found || from >= part.length;
      },
    ),
    { numRuns: fuzzRuns() },
  );
  t.pass('they agree');
});

t.test('it gives up after a hundred bytes and says from where on to look', async (t) => {
  const bytes = Buffer.alloc(2_000, 'x');
  const found = nearby(wordsOf(bytes)!, 0x0a, 3, bytes.length);
  t.ok(found < 0);
  t.ok(~found >= 90 && ~found <= 103, `${~found}`);
});

t.test('any stream looked at by words is read as the reference reads it', async (t) => {
  const opening = Buffer.from('data: short\n\n');
  fc.assert(
    fc.property(streams, (stream) => {
      const parts = [opening, Buffer.concat([FILLER, stream]), Buffer.concat([stream, FILLER])];
      const expected = interpret(Buffer.concat(parts));
      const actual = readChunks(parts);
      return JSON.stringify(actual) === JSON.stringify(expected);
    }),
    { numRuns: fuzzRuns() },
  );
  t.pass('they agree');
});
