/** The verdict alone: what is asked with, and whether history breaks. `test/ingest.test.ts` has it with bytes. */
import t from 'tap';
import { Continuity, type Replay } from '../src/continuity.js';

const id = (text: string): Buffer => Buffer.from(text);
const asked = (continuity: Continuity): string | undefined =>
  continuity.asked && Buffer.from(continuity.asked).toString();

/** Continuity that has read so many events with ids, 1 … n, each a run of its own, on its first connection. */
function after(replay: Replay, events: number): Continuity {
  const continuity = new Continuity(replay, 1_024);
  continuity.begin(false, 1);
  for (let n = 1; n <= events; n += 1) take(continuity, n);
  return continuity;
}

/** Event n arrives: its fingerprint and id are its number. False: it is a repeat and was dropped. */
function take(continuity: Continuity, n: number): boolean | 'broken' {
  if (continuity.repeats(n)) return false;
  const broken = continuity.breaks();
  continuity.note(n);
  continuity.advance(id(String(n)), undefined, n);
  return broken ? 'broken' : true;
}

t.test('before anything was answered nothing is asked with, but for the id of a client', async (t) => {
  for (const replay of ['unknown', 'proven', true, false] as const) {
    const continuity = new Continuity(replay, 1_024);
    t.equal(continuity.asked, undefined);
    t.equal(continuity.seedable, replay !== false, String(replay));
    t.notOk(continuity.seeded);
    t.equal(continuity.replays, replay === true);
  }
});

t.test('the first client to say where it stands is the one that is asked for', async (t) => {
  const continuity = new Continuity(true, 1_024);
  const said = id('40');
  continuity.beginBehind(said);
  said.fill('!');
  continuity.beginBehind(id('50'));
  t.equal(asked(continuity), '40', 'a copy');
  t.ok(continuity.seeded);
  continuity.begin(true, 7);
  t.match(continuity.anchor, { id: id('40'), seq: 7 });
  take(continuity, 41);
  t.notOk(continuity.seeded);
  t.equal(asked(continuity), '41');
  continuity.beginBehind(id('60'));
  t.equal(asked(continuity), '41', 'the upstream has spoken');
});

t.test(
  'an answer is anchored at a client id only where the upstream was sent it and is said to replay',
  async (t) => {
    for (const [replay, resumed] of [
      [true, false],
      ['unknown', true],
      ['proven', true],
    ] as const) {
      const continuity = new Continuity(replay, 1_024);
      continuity.beginBehind(id('40'));
      t.notOk(continuity.begin(resumed, 1), 'a first connection breaks nothing');
      t.equal(continuity.anchor, undefined, `${replay} ${resumed}`);
    }
  },
);

t.test('a client id that was refused is forgotten', async (t) => {
  const continuity = new Continuity(true, 1_024);
  continuity.beginBehind(id('forged'));
  continuity.forgetSeed();
  t.equal(continuity.asked, undefined);
  continuity.begin(false, 1);
  t.equal(continuity.anchor, undefined);
});

t.test('a cursor that the upstream takes away does not bring the client id back', async (t) => {
  const continuity = new Continuity(true, 1_024);
  continuity.beginBehind(id('40'));
  continuity.begin(true, 1);
  take(continuity, 41);
  continuity.advance(undefined, undefined, 2);
  t.equal(continuity.asked, undefined);
  t.notOk(continuity.seeded);
});

t.test('false breaks at every reconnect', async (t) => {
  t.ok(after(false, 3).begin(false, 4));
});

t.test('unknown asks with the cursor, and breaks at every reconnect', async (t) => {
  const continuity = after('unknown', 3);
  t.equal(asked(continuity), '3');
  t.ok(continuity.begin(true, 4));
  t.equal(take(continuity, 4), true, 'once');
  t.ok(continuity.begin(true, 5));
});

t.test(
  'true asks with the cursor, and breaks where there was none to ask with, or events without id behind it',
  async (t) => {
    const continuity = after(true, 3);
    t.equal(asked(continuity), '3');
    t.notOk(continuity.begin(true, 4));
    t.ok(continuity.begin(false, 4));
    continuity.breaks();
    continuity.note(undefined);
    t.ok(continuity.begin(true, 5));
    take(continuity, 4);
    t.notOk(continuity.begin(true, 6));
  },
);

t.test('proven asks with the id before the last, and takes the last event as the proof', async (t) => {
  const continuity = after('proven', 3);
  t.equal(asked(continuity), '2');
  t.notOk(continuity.replays, 'not yet');
  t.notOk(continuity.begin(true, 4), 'nothing is told before it is known');
  t.equal(take(continuity, 3), false, 'the proof itself is a repeat');
  t.equal(take(continuity, 4), true);
  t.ok(continuity.replays);
  t.equal(asked(continuity), '3');
});

t.test('proven: too much is proof as well', async (t) => {
  const continuity = after('proven', 5);
  continuity.begin(true, 6);
  for (const n of [1, 2, 3, 4, 5]) t.equal(take(continuity, n), false);
  t.equal(take(continuity, 6), true);
  t.notOk(continuity.replays, 'but one that repeats too much is not asked privately');
});

t.test('proven: another order is proof as long as nothing new came first', async (t) => {
  const continuity = after('proven', 5);
  continuity.begin(true, 6);
  for (const n of [5, 3, 4]) t.equal(take(continuity, n), false);
  t.equal(take(continuity, 6), true);
  const late = after('proven', 5);
  late.begin(true, 6);
  t.equal(take(late, 4), false);
  t.equal(take(late, 6), 'broken');
  t.equal(take(late, 5), true, 'in mid-stream ids may repeat');
});

t.test('proven: too little breaks, once, before the first that is new', async (t) => {
  const continuity = after('proven', 3);
  continuity.begin(true, 4);
  t.equal(take(continuity, 5), 'broken');
  t.equal(take(continuity, 6), true);
  t.notOk(continuity.replays);
});

t.test('proven: repeats that are not the last event prove nothing', async (t) => {
  const continuity = after('proven', 3);
  continuity.begin(true, 4);
  for (const n of [1, 2]) t.equal(take(continuity, n), false);
  t.equal(take(continuity, 4), 'broken');
});

t.test('proven: a restarted upstream, whose ids begin again, breaks', async (t) => {
  const continuity = after('proven', 3);
  continuity.begin(true, 4);
  // The same ids with other content are other fingerprints.
  t.equal(take(continuity, 101), 'broken');
  t.equal(take(continuity, 102), true);
});

t.test('proven: a lost proof takes the word back, another gives it', async (t) => {
  const continuity = after('proven', 3);
  continuity.begin(true, 4);
  take(continuity, 3);
  t.ok(continuity.replays);
  continuity.begin(true, 4);
  take(continuity, 9);
  t.notOk(continuity.replays);
  continuity.begin(true, 5);
  take(continuity, 9);
  t.ok(continuity.replays);
});

t.test('proven: with one event there is no id before the last, and no proof', async (t) => {
  const continuity = after('proven', 1);
  t.equal(asked(continuity), '1');
  t.ok(continuity.begin(true, 2));
  t.equal(take(continuity, 2), true, 'told once');
});

t.test('proven: an id that came alone brings no event back, and breaks', async (t) => {
  const continuity = after('proven', 2);
  continuity.advance(id('3'), undefined, 2);
  t.equal(asked(continuity), '2');
  t.notOk(continuity.begin(true, 3));
  t.equal(take(continuity, 4), 'broken');
});

t.test('proven: a connection that brings nothing leaves the proof to the next', async (t) => {
  const continuity = after('proven', 3);
  for (let i = 0; i < 3; i += 1) t.notOk(continuity.begin(true, 4));
  t.equal(take(continuity, 3), false);
  t.equal(take(continuity, 4), true);
});

t.test('two ids in one run: the one before is the run’s own', async (t) => {
  const continuity = after('proven', 1);
  continuity.note(2);
  continuity.note(3);
  continuity.advance(id('3'), id('2'), 3);
  t.equal(asked(continuity), '2');
});

t.test(
  'what leads a connection is compared with what came before it, to the first that is new',
  async (t) => {
    const continuity = after(true, 5);
    t.notOk(continuity.leading, 'never on a first connection');
    continuity.begin(true, 6);
    t.ok(continuity.leading);
    t.same(
      [4, 5, 6, 5].map((n) => take(continuity, n)),
      [false, false, true, true],
    );
    t.notOk(continuity.leading);
  },
);

t.test('an event without an id ends what leads', async (t) => {
  const continuity = after(true, 3);
  continuity.begin(true, 4);
  continuity.breaks();
  continuity.note(undefined);
  t.equal(take(continuity, 3), true);
});

t.test('after a rest the cursor is of use while the log holds its event', async (t) => {
  const held = after(true, 3);
  held.reopen(3, 4);
  t.equal(asked(held), '3');
  const trimmed = after(true, 3);
  trimmed.reopen(4, 5);
  t.equal(trimmed.asked, undefined);
  t.notOk(trimmed.seedable, 'the log holds events that no client id may come behind');
  t.ok(trimmed.begin(false, 5), 'and they are followed by a break');
});

t.test('after a rest with an empty log it is a first connection again', async (t) => {
  const continuity = after(true, 3);
  continuity.breaks();
  continuity.note(undefined);
  continuity.reopen(5, 5);
  t.ok(continuity.seedable);
  t.equal(continuity.anchor, undefined);
  continuity.beginBehind(id('80'));
  t.notOk(continuity.begin(true, 5));
  t.match(continuity.anchor, { id: id('80'), seq: 5 });
  t.notOk(continuity.begin(true, 5), 'nothing came, nothing is broken');
});

t.test('the id of a client that has left before the upstream answered is not asked with later', async (t) => {
  for (const [floor, tip] of [
    [1, 1],
    [1, 3],
  ] as const) {
    const continuity = new Continuity(true, 1_024);
    continuity.beginBehind(id('40'));
    continuity.reopen(floor, tip);
    t.equal(continuity.asked, undefined, `log from ${floor} to ${tip}`);
  }
});

t.test('at another upstream nothing of the former is asked for, proven or taken for a repeat', async (t) => {
  for (const replay of ['unknown', 'proven', true, false] as const) {
    const continuity = after(replay, 3);
    continuity.leave();
    t.equal(asked(continuity), undefined);
    t.equal(continuity.begin(false, 4), true, 'history breaks');
    t.equal(take(continuity, 3), true, 'the same id and content are another event');
    t.equal(asked(continuity), '3');
    t.equal(continuity.replays, replay === true, 'what was proven there is not proven here');
  }
});
