import fc from 'fast-check';
import t from 'tap';
import { fingerprint, Repeats } from '../src/repeats.js';

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

t.test(
  'a fingerprint is a safe integer, the same for the same event, and depends on id and content',
  async (t) => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (id, content) => {
        const mark = fingerprint(id, content);
        return (
          Number.isSafeInteger(mark) &&
          mark >= 0 &&
          mark === fingerprint(Uint8Array.from(id), Uint8Array.from(content))
        );
      }),
    );
    const [a, b] = [Buffer.from('a'), Buffer.from('b')];
    t.equal(new Set([fingerprint(a, a), fingerprint(a, b), fingerprint(b, a), fingerprint(b, b)]).size, 4);
  },
);
