import t from 'tap';
import { stampMs } from './real-time.js';
import { SequenceCheck } from './sequence-check.js';

/** A number is an event, `gap` a told one, `again` a gap that says events may repeat. */
function check(...stream: (number | 'gap' | 'again' | 'end' | 'junk')[]): SequenceCheck {
  const check = new SequenceCheck();
  for (const item of stream) {
    if (typeof item === 'number') check.event('message', `{"n":${item},"t":${stampMs()}}`);
    else if (item === 'junk') check.event('message', '{"n":');
    else if (item === 'end') check.event('gateway.end', '{}');
    else check.event('gateway.gap', `{"lost":null,"repeats":${item === 'again'}}`);
  }
  return check;
}

t.test('an unbroken run is contiguous wherever it starts', async (t) => {
  const run = check(5, 6, 7, 'end');
  t.ok(run.contiguous && run.honest);
  t.match(run, { events: 3, first: 5, last: 7 });
  t.equal(run.latency.count, 3);
  t.match(String(run), /"last":7/);
});

t.test('a jump that nobody announced is a silent hole', async (t) => {
  const run = check(1, 2, 6, 7, 9);
  t.notOk(run.honest);
  t.match(run, { holes: 2, lost: 4, toldLost: 0 });
});

t.test('a jump behind a gap is told, and the next one is not covered by it', async (t) => {
  const run = check(1, 'gap', 4, 6);
  t.match(run, { gaps: 1, toldLost: 2, falseAlarms: 0, holes: 1, lost: 1 });
  t.notOk(run.contiguous);
  t.ok(check('gap', 4, 5).honest, 'a gap before the first number');
});

t.test('a gap behind which nothing is missing is a false alarm', async (t) => {
  t.match(check(1, 'gap', 2, 'gap', 3), { gaps: 2, falseAlarms: 2, toldLost: 0 });
});

t.test('every number again is a duplicate, unless a gap said that events repeat', async (t) => {
  t.match(check(1, 2, 3, 2, 3, 4), { duplicates: 2, holes: 0, last: 4 });
  t.match(check(1, 2, 3, 'gap', 2, 3, 4), { duplicates: 2 });
  t.match(check(1, 2, 3, 'again', 2, 3, 4, 4), { toldRepeats: 2, duplicates: 1, falseAlarms: 0 });
});

t.test('what cannot be read is counted', async (t) => {
  const run = check(1, 'junk', 2);
  run.event('message', '{}');
  run.event('message', 'null');
  run.event('gateway.gap', 'none');
  t.match(run, { malformed: 4, gaps: 1, events: 2 });
});
