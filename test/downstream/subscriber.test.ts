import t from 'tap';
import { eventsOf, FakeSink, makeRig, PREAMBLE, partsOf, type Rig } from './rig.js';

function join(rig: Rig, seq?: number, expiresAt?: number) {
  const sink = new FakeSink();
  const subscriber = rig.join(sink, seq, expiresAt);
  return { sink, subscriber };
}

t.test('the first write is the preamble, and events wait for it', async (t) => {
  const rig = makeRig();
  const { sink } = join(rig);
  rig.commit(50);
  rig.clock.runTurns();
  t.equal(sink.writes, 1);
  sink.finish();
  t.same(sink.received, [PREAMBLE]);
  t.equal(sink.writes, 2, 'the event follows at once, without another pass');
});

t.test('one write is under way at a time, and each confirmed one brings the next slice', async (t) => {
  const rig = makeRig({ sliceBytes: 1_024 });
  const { sink } = join(rig);
  rig.commit(1_000, 1_000, 1_000);
  rig.clock.runTurns();
  for (let i = 1; i <= 4; i += 1) {
    t.equal(sink.writes, i);
    sink.finish();
    rig.clock.runTurns();
  }
  t.same(eventsOf(sink.text), [1, 2, 3]);
  t.equal(sink.writes, 4);
});

t.test('a sink that confirms inside write gets the whole backlog in order', async (t) => {
  const rig = makeRig({ sliceBytes: 1_024 });
  for (let i = 0; i < 200; i += 1) rig.commit(1_000);
  const sink = new FakeSink(true);
  rig.join(sink, 1);
  t.same(
    eventsOf(sink.text),
    Array.from({ length: 200 }, (_, i) => i + 1),
  );
  t.equal(rig.books(), 0);
});

t.test('one that is far behind reads two slices at a time, and others come between', async (t) => {
  const rig = makeRig({ sliceBytes: 1_024 });
  for (let i = 0; i < 9; i += 1) rig.commit(1_000);
  rig.clock.runTurns();
  const late = [new FakeSink(), new FakeSink()];
  for (const sink of late) {
    rig.join(sink, 1);
    sink.sync = true;
    sink.finish();
    t.equal(sink.received.length, 1, 'the preamble');
  }
  rig.clock.cost = 10;
  const events = () => late.map((sink) => eventsOf(sink.text).length);
  const seen: number[][] = [];
  for (; rig.clock.runTurn(); seen.push(events()));
  t.same(seen.slice(0, 4), [
    [2, 0],
    [2, 2],
    [4, 2],
    [4, 4],
  ]);
  t.same(events(), [9, 9]);
  t.equal(rig.books(), 0);
});

t.test(
  'who is live is served before those who are far behind, and whole, however much is committed',
  async (t) => {
    const rig = makeRig({ sliceBytes: 1_024 });
    const { sink: live } = join(rig);
    live.sync = true;
    live.finish();
    for (let i = 0; i < 40; i += 1) rig.commit(1_000);
    rig.clock.runTurns();
    const late = new FakeSink();
    rig.join(late, 1);
    late.sync = true;
    late.finish();
    rig.clock.cost = 10;
    rig.clock.runTurn();
    t.equal(eventsOf(late.text).length, 2);
    for (let i = 0; i < 20; i += 1) rig.commit(1_000);
    rig.clock.runTurn();
    rig.clock.runTurn();
    t.equal(eventsOf(live.text).at(-1), 60, 'the pass has no slices for who is live');
    t.ok(eventsOf(late.text).length <= 4, 'and nothing for who is not');
    rig.clock.runTurns();
    t.equal(eventsOf(late.text).length, 60);
  },
);

t.test('who leaves the line, or is ended in it, gets nothing more and holds nobody up', async (t) => {
  const rig = makeRig({ sliceBytes: 1_024 });
  for (let i = 0; i < 9; i += 1) rig.commit(1_000);
  rig.clock.runTurns();
  const sinks = [new FakeSink(), new FakeSink(), new FakeSink()];
  const subscribers = sinks.map((sink) => rig.join(sink, 1));
  for (const sink of sinks) {
    sink.sync = true;
    sink.finish();
  }
  subscribers[0]!.closed(false);
  subscribers[1]!.end('drain');
  rig.clock.runTurns();
  t.same(
    sinks.map((sink) => eventsOf(sink.text).length),
    [0, 0, 9],
  );
  t.ok(sinks[1]!.ended);
  sinks[1]!.close();
  t.equal(rig.books(), 0);
});

t.test(
  'events under way when the client goes are dropped as aborted, once, and never count as out',
  async (t) => {
    for (const end of ['written then closed', 'closed then written', 'destroyed then written']) {
      const rig = makeRig();
      const { sink, subscriber } = join(rig);
      sink.finish();
      rig.commit(50, 50);
      rig.clock.runTurns();
      rig.commit(50);
      t.equal(subscriber.pending, 3);
      if (end === 'written then closed') {
        subscriber.written(false);
        subscriber.closed(false);
      } else if (end === 'closed then written') {
        subscriber.closed(false);
        t.equal(rig.books(), 0);
        subscriber.written(false);
      } else {
        subscriber.destroy('stalled');
        t.equal(rig.books(), 0);
        subscriber.written(true);
      }
      t.equal(rig.metrics.eventsDropped.get('aborted'), 2, end);
      t.equal(rig.metrics.eventsDropped.total, 3);
      t.equal(rig.metrics.eventsOut, 0);
      t.equal(rig.books(), 0);
      rig.log.close();
      t.equal(rig.pool.stats.inUseBytes, 0, 'the pin was taken back exactly once');
    }
  },
);

t.test('a client is told of as gone once, whatever comes after', async (t) => {
  const rig = makeRig();
  const { sink, subscriber } = join(rig);
  subscriber.closed(true);
  subscriber.closed(false);
  subscriber.destroy('stalled');
  subscriber.end('drain');
  subscriber.tick(rig.clock.now() + 1e9, 1);
  t.same(
    rig.leaves.map(({ reason }) => reason),
    ['write-failed'],
  );
  t.notOk(sink.ended || sink.destroyed);
});

t.test(
  'closed without an error is client-closed, with one write-failed, after an end its reason',
  async (t) => {
    const rig = makeRig();
    join(rig).subscriber.closed(false);
    join(rig).subscriber.closed(true);
    const { subscriber } = join(rig);
    subscriber.end('max-age');
    subscriber.closed(true);
    t.same(
      rig.leaves.map(({ reason }) => reason),
      ['client-closed', 'write-failed', 'max-age'],
    );
  },
);

t.test(
  'an end lets the write under way finish, counts it as out, and drops the rest for its reason',
  async (t) => {
    const rig = makeRig({ sliceBytes: 1_024 });
    const { sink, subscriber } = join(rig);
    sink.finish();
    rig.commit(1_000, 1_000);
    rig.clock.runTurns();
    subscriber.end('drain', Buffer.from('retry: 9\n\n'));
    t.ok(subscriber.ending);
    sink.settle();
    t.equal(rig.metrics.eventsOut, 1);
    t.equal(rig.metrics.eventsDropped.get('drain'), 1);
    t.ok(sink.text.endsWith('retry: 9\n\n'));
    t.equal(rig.books(), 0);
  },
);

t.test('a client that takes nothing for stalledMs is stalled, a moment earlier it is not', async (t) => {
  const rig = makeRig({ stalledMs: 1_000, heartbeatMs: 100 });
  const { sink } = join(rig);
  rig.clock.advance(999);
  rig.fanOut.tick(rig.clock.now());
  t.equal(rig.leaves.length, 0);
  rig.clock.advance(1);
  rig.fanOut.tick(rig.clock.now());
  t.equal(rig.leaves[0]?.reason, 'stalled');
  t.ok(sink.destroyed);
});

t.test('time in which the gateway slept is no stall of a client, and a silence all the same', async (t) => {
  const rig = makeRig({ stalledMs: 1_000, heartbeatMs: 100 });
  const busy = join(rig).sink;
  const quiet = join(rig).sink;
  quiet.finish();
  rig.clock.advance(5_000);
  rig.fanOut.tick(rig.clock.now(), 4_500);
  t.same(rig.leaves, []);
  t.ok(quiet.writing, 'the heartbeat is due');
  rig.clock.advance(499);
  rig.fanOut.tick(rig.clock.now());
  t.same(rig.leaves, []);
  rig.clock.advance(1);
  rig.fanOut.tick(rig.clock.now());
  t.ok(busy.destroyed);
});

t.test('a sleep gives a write no more than its whole time', async (t) => {
  const rig = makeRig({ stalledMs: 1_000 });
  join(rig);
  rig.fanOut.tick(rig.clock.now(), 10_000);
  rig.clock.advance(1_000);
  rig.fanOut.tick(rig.clock.now());
  t.equal(rig.leaves[0]?.reason, 'stalled');
});

t.test('an end that is not taken within stalledMs is stalled too', async (t) => {
  const rig = makeRig({ stalledMs: 1_000 });
  const { sink, subscriber } = join(rig);
  sink.finish();
  rig.clock.advance(5_000);
  rig.fanOut.tick(rig.clock.now());
  sink.finish();
  subscriber.end('drain');
  rig.clock.advance(999);
  rig.fanOut.tick(rig.clock.now());
  t.equal(rig.leaves.length, 0, 'time counts from the end');
  rig.clock.advance(1);
  rig.fanOut.tick(rig.clock.now());
  t.equal(rig.leaves[0]?.reason, 'stalled');
});

t.test('one that is ending is not closed as lagged while the floor passes it', async (t) => {
  const rig = makeRig({ onSlow: 'disconnect', retainEvents: 1 });
  const { sink, subscriber } = join(rig);
  sink.finish();
  subscriber.end('drain');
  rig.commit(50);
  rig.commit(50);
  rig.commit(50);
  rig.clock.runTurns();
  rig.fanOut.tick(rig.clock.now());
  t.notOk(sink.destroyed);
  sink.settle();
  t.equal(rig.leaves[0]?.reason, 'drain');
  t.equal(rig.metrics.eventsDropped.get('drain'), 3);
});

t.test(
  'a comment is sent after heartbeatMs without a write, not before, and not while one is under way',
  async (t) => {
    const rig = makeRig({ heartbeatMs: 1_000 });
    const { sink } = join(rig);
    rig.clock.advance(1_000);
    rig.fanOut.tick(rig.clock.now());
    t.equal(sink.writes, 1, 'the preamble is under way');
    sink.finish();
    rig.fanOut.tick(rig.clock.now());
    t.equal(sink.writes, 2);
    sink.finish();
    t.equal(String(sink.received.at(-1)), ':\n\n');
    rig.clock.advance(999);
    rig.fanOut.tick(rig.clock.now());
    t.equal(sink.writes, 2);
    rig.commit(50);
    rig.clock.runTurns();
    sink.finish();
    rig.clock.advance(999);
    rig.fanOut.tick(rig.clock.now());
    t.equal(sink.writes, 3, 'an event counts as a sign of life');
    rig.clock.advance(1);
    rig.fanOut.tick(rig.clock.now());
    t.equal(sink.writes, 4);
  },
);

t.test('events committed during a heartbeat follow it', async (t) => {
  const rig = makeRig({ heartbeatMs: 1_000 });
  const { sink } = join(rig);
  sink.finish();
  rig.clock.advance(1_000);
  rig.fanOut.tick(rig.clock.now());
  rig.commit(50);
  rig.clock.runTurns();
  sink.finish();
  sink.finish();
  t.same(eventsOf(sink.text), [1]);
});

t.test('a stream ends at its age, after the write under way, and not a moment earlier', async (t) => {
  const rig = makeRig({ stalledMs: 1e6 });
  const { sink } = join(rig, undefined, rig.clock.now() + 5_000);
  rig.clock.advance(4_999);
  rig.fanOut.tick(rig.clock.now());
  t.notOk(sink.ended);
  rig.clock.advance(1);
  rig.fanOut.tick(rig.clock.now());
  t.ok(sink.ended);
  sink.settle();
  t.equal(rig.leaves[0]?.reason, 'max-age');
});

t.test('below the floor the client is told how many it lost, and goes on at the tip', async (t) => {
  const rig = makeRig({ retainEvents: 2 });
  const { sink } = join(rig);
  for (let i = 0; i < 5; i += 1) rig.commit(50);
  rig.clock.runTurns();
  sink.finish();
  sink.finish();
  rig.commit(50);
  rig.clock.runTurns();
  sink.finish();
  t.same(partsOf(sink.text), [
    { kind: 'comment' },
    { kind: 'gap', lost: 5, reason: 'lagged' },
    { kind: 'event', seq: 6 },
  ]);
  t.match(sink.text, '"resume":"5-1"');
  t.equal(rig.metrics.eventsDropped.get('lagged'), 5);
  t.equal(rig.metrics.gaps.get('lagged'), 1);
  t.equal(rig.books(), 0);
});

t.test('a write from below the floor is finished, not torn', async (t) => {
  const rig = makeRig({ retainEvents: 2 });
  const { sink } = join(rig);
  sink.finish();
  rig.commit(50, 50);
  rig.clock.runTurns();
  for (let i = 0; i < 5; i += 1) rig.commit(4_000);
  rig.clock.runTurns();
  rig.fanOut.tick(rig.clock.now());
  t.equal(rig.leaves.length, 0);
  sink.finish();
  sink.finish();
  t.same(partsOf(sink.text).slice(1), [
    { kind: 'event', seq: 1 },
    { kind: 'event', seq: 2 },
    { kind: 'gap', lost: 5, reason: 'lagged' },
  ]);
});

t.test(
  'onSlow disconnect closes a client below the floor as lagged, and drops what it missed as that',
  async (t) => {
    const rig = makeRig({ retainEvents: 2, onSlow: 'disconnect' });
    const { sink } = join(rig);
    for (let i = 0; i < 5; i += 1) rig.commit(50);
    rig.clock.runTurns();
    rig.fanOut.tick(rig.clock.now());
    t.ok(sink.destroyed);
    t.equal(rig.leaves[0]?.reason, 'lagged');
    t.equal(rig.metrics.eventsDropped.get('lagged'), 5);
    t.equal(rig.books(), 0);
  },
);

t.test('onGap reject ends a client below the floor as gap-rejected instead of telling it', async (t) => {
  const rig = makeRig({ retainEvents: 2, onGap: 'reject' });
  const { sink } = join(rig);
  for (let i = 0; i < 5; i += 1) rig.commit(50);
  rig.clock.runTurns();
  sink.finish();
  t.ok(sink.ended);
  sink.settle();
  t.equal(rig.leaves[0]?.reason, 'gap-rejected');
  t.equal(rig.metrics.eventsDropped.get('gap-rejected'), 5);
  t.equal(rig.metrics.gaps.get('lagged'), 1);
  t.notMatch(sink.text, 'gateway.gap');
});

t.test('onGap silent moves a client below the floor to the tip without a word, and counts it', async (t) => {
  const rig = makeRig({ retainEvents: 2, onGap: 'silent' });
  const { sink } = join(rig);
  for (let i = 0; i < 5; i += 1) rig.commit(50);
  rig.clock.runTurns();
  sink.finish();
  rig.commit(50);
  rig.clock.runTurns();
  sink.finish();
  t.same(partsOf(sink.text), [{ kind: 'comment' }, { kind: 'event', seq: 6 }]);
  t.equal(rig.metrics.eventsDropped.get('lagged'), 5);
});

t.test('a client whose events were taken back is told, and goes on with what replaces them', async (t) => {
  for (const onGap of ['signal', 'silent'] as const) {
    const rig = makeRig({ onGap });
    const { sink } = join(rig);
    sink.finish();
    rig.commit(50, 50, 50);
    rig.clock.runTurns();
    sink.finish();
    rig.log.truncate(2);
    rig.commit(50);
    rig.clock.runTurns();
    sink.finish();
    sink.finish();
    const told = onGap === 'signal' ? [{ kind: 'gap', lost: null, reason: 'upstream' }] : [];
    t.same(partsOf(sink.text).slice(4), [...told, { kind: 'event', seq: 2 }], onGap);
  }
});

t.test('onGap reject ends a client whose events were taken back', async (t) => {
  const rig = makeRig({ onGap: 'reject' });
  const { sink } = join(rig);
  sink.finish();
  rig.commit(50, 50);
  rig.clock.runTurns();
  sink.finish();
  rig.log.truncate(2);
  rig.commit(50);
  rig.clock.runTurns();
  sink.settle();
  t.equal(rig.leaves[0]?.reason, 'gap-rejected');
});

t.test('an end sends what was committed in the same turn, and then its last bytes', async (t) => {
  const rig = makeRig();
  const { sink, subscriber } = join(rig);
  sink.finish();
  rig.commit(50);
  subscriber.end('drain', Buffer.from('retry: 9\n\n'));
  sink.settle();
  t.same(eventsOf(sink.text.replace(/retry: 9\n\n$/, '')), [1]);
  t.ok(sink.text.endsWith('retry: 9\n\n'));
  t.equal(rig.metrics.eventsOut, 1);
  t.equal(rig.metrics.eventsDropped.total, 0);
  t.equal(rig.books(), 0);
});

t.test('an end below the floor is told first; with onGap reject it ends as that, once', async (t) => {
  for (const onGap of ['signal', 'reject'] as const) {
    const rig = makeRig({ retainEvents: 1, onGap });
    const { sink, subscriber } = join(rig);
    rig.commit(50);
    rig.clock.runTurns();
    rig.commit(50);
    rig.clock.runTurns();
    rig.commit(50);
    rig.clock.runTurns();
    sink.finish(onGap === 'signal');
    subscriber.end('drain');
    sink.settle();
    sink.settle();
    t.equal(rig.leaves[0]?.reason, onGap === 'signal' ? 'drain' : 'gap-rejected');
    t.equal(rig.leaves.length, 1);
    t.equal(sink.text.includes('gateway.gap'), onGap === 'signal');
    t.equal(rig.books(), 0);
  }
});

t.test('stop sends nothing more of the log', async (t) => {
  const rig = makeRig();
  const { sink, subscriber } = join(rig);
  sink.finish();
  rig.commit(50);
  subscriber.stop('gap-rejected');
  sink.settle();
  t.same(eventsOf(sink.text), []);
  t.equal(rig.metrics.eventsDropped.get('gap-rejected'), 1);
  t.equal(rig.books(), 0);
});

t.test('who is gone is not written to by an end', async (t) => {
  const rig = makeRig();
  const { sink, subscriber } = join(rig);
  sink.finish();
  rig.commit(50);
  sink.close();
  const { writes } = sink;
  subscriber.end('drain');
  t.equal(sink.writes, writes);
  t.notOk(sink.ended);
});

t.test(
  'a stream that has lasted long enough ends with a time to come back, behind all that was committed',
  async (t) => {
    const rig = makeRig();
    const { sink } = join(rig, undefined, rig.clock.now() + 5_000);
    sink.finish();
    rig.clock.advance(5_000);
    rig.commit(50);
    rig.fanOut.tick(rig.clock.now());
    sink.settle();
    t.match(sink.text, /data: 1 x*\n\nretry: 1\n\n$/);
    t.equal(rig.leaves[0]?.reason, 'max-age');
  },
);

t.test('a large event has time as long as parts of it are taken', async (t) => {
  const rig = makeRig({ stalledMs: 1_000, heartbeatMs: 100 });
  const { sink, subscriber } = join(rig);
  sink.finish();
  rig.commit(1_000_000);
  rig.clock.runTurns();
  for (let part = 0; part < 5; part += 1) {
    rig.clock.advance(999);
    rig.fanOut.tick(rig.clock.now());
    subscriber.progressed();
  }
  t.same(rig.leaves, []);
  rig.clock.advance(1_000);
  rig.fanOut.tick(rig.clock.now());
  t.equal(rig.leaves[0]?.reason, 'stalled');
});
