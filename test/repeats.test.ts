import fc from 'fast-check';
import t from 'tap';
import { markOf, Repeats } from '../src/repeats.js';
import { Parser } from '../src/sse/parser.js';

const marks = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

t.test('leading events that came before are repeats, up to the first that did not', async (t) => {
  const repeats = new Repeats(1_024);
  for (const mark of marks(1, 5)) repeats.note(mark);
  repeats.begin();
  t.ok(repeats.leading);
  t.same(
    [4, 5, 3].map((mark) => repeats.seen(mark)),
    [true, true, true],
    'in any order',
  );
  t.notOk(repeats.seen(6));
  t.notOk(repeats.leading);
  t.notOk(repeats.seen(5), 'in mid-stream nothing is a repeat');
});

t.test('before the first connection, and on it, nothing is a repeat', async (t) => {
  const repeats = new Repeats(1_024);
  t.notOk(repeats.seen(0));
  repeats.begin();
  t.notOk(repeats.seen(0), 'an empty place is no fingerprint');
});

t.test('what a connection brings is not compared with itself', async (t) => {
  const repeats = new Repeats(1_024);
  repeats.note(1);
  repeats.begin();
  t.ok(repeats.seen(1));
  repeats.note(2);
  t.notOk(repeats.seen(2));
});

t.test('an end makes the rest new', async (t) => {
  const repeats = new Repeats(1_024);
  repeats.note(1);
  repeats.begin();
  repeats.end();
  t.notOk(repeats.leading);
  t.notOk(repeats.seen(1));
});

t.test('exactly the newest are remembered, however many there were', async (t) => {
  for (const count of [1, 63, 64, 65, 127, 128, 129, 1_000, 1_023, 1_024, 1_025, 5_000]) {
    const repeats = new Repeats(1_024);
    for (const mark of marks(1, count)) repeats.note(mark);
    const known = marks(1, count).filter((mark) => {
      repeats.begin();
      return repeats.seen(mark);
    });
    t.same(
      [known.at(0), known.at(-1), known.length],
      [Math.max(1, count - 1_023), count, Math.min(count, 1_024)],
      `${count}`,
    );
  }
});

/** The fingerprints of all events of a stream. */
function marksOf(stream: string): number[] {
  const found: number[] = [];
  const parser = new Parser(
    (bytes, records) => {
      for (let i = 0; i < records.count; i += 1) found.push(markOf(bytes, records, i));
    },
    { maxEventBytes: 1_048_576 },
  );
  parser.feed(Buffer.from(stream));
  return found;
}

const ids = fc.string({ minLength: 1, maxLength: 200 }).map((id) => id.replace(/[\0\r\n]/g, '_'));
const data = fc.string({ maxLength: 400 }).map((text) => text.replace(/[\r\n]/g, '_'));

t.test('a fingerprint is a safe integer, and the same for the same event wherever it stands', async (t) => {
  fc.assert(
    fc.property(ids, data, fc.nat({ max: 9 }), (id, text, shift) => {
      const event = `id: ${id}\ndata: ${text}\n\n`;
      const [mark, again] = marksOf(`${event}: ${'x'.repeat(shift)}\n${event}`);
      return Number.isSafeInteger(mark) && mark! >= 0 && mark === again;
    }),
  );
  t.pass('it is');
});

t.test('no two of many events that differ by little have one fingerprint, short or long', async (t) => {
  for (const length of [1, 2, 3, 5, 30, 140, 150, 160, 1_000]) {
    const seen = new Set<number>();
    let events = 0;
    const body = 'x'.repeat(length);
    for (let n = 0; n < 20_000; n += 1) {
      const at = n % length;
      const text =
        body.slice(0, at) + String.fromCharCode(0x21 + (Math.floor(n / length) % 90)) + body.slice(at + 1);
      // Ids that count and data that differ in one place; the same pair does not come twice.
      for (const mark of marksOf(`id: ${n}\ndata: ${text}\n\nid: ${n + 1}\ndata: ${n}${text}\n\n`))
        seen.add(mark);
      events += 2;
    }
    t.equal(seen.size, events, `${length} bytes of data`);
  }
});
