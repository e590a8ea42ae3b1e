import t from 'tap';
import { eventsOf, FakeSink, makeRig, type Rig } from './rig.js';

/** A subscriber at peace at the tip. */
function settled(rig: Rig): FakeSink {
  const sink = new FakeSink(true);
  rig.join(sink);
  return sink;
}

t.test('events committed in one turn reach a client in one write', async (t) => {
  const rig = makeRig();
  const sink = settled(rig);
  for (let i = 0; i < 50; i += 1) rig.commit(50);
  t.equal(sink.writes, 1, 'nothing but the preamble before the turn is over');
  t.equal(rig.clock.turns, 1);
  rig.clock.runTurns();
  t.equal(sink.writes, 2);
  t.equal(eventsOf(sink.text).length, 50);
});

t.test(
  'with coalesceMs a lone event goes out at once, and those that follow closely go out together',
  async (t) => {
    const rig = makeRig({ coalesceMs: 10 });
    const sink = settled(rig);
    rig.clock.advance(1_000);
    rig.commit(50);
    rig.clock.runTurns();
    sink.finish();
    t.same(eventsOf(sink.text), [1]);
    const { writes } = sink;
    rig.commit(50);
    rig.clock.runTurns();
    rig.clock.advance(9);
    rig.commit(50);
    rig.clock.runTurns();
    t.equal(sink.writes, writes, 'both wait');
    rig.clock.advance(1);
    rig.clock.runTurns();
    sink.finish();
    t.equal(sink.writes, writes + 1);
    t.same(eventsOf(sink.text), [1, 2, 3]);
    t.equal(rig.books(), 0);
  },
);

t.test('events that wait to go out together outlast retention, and a close forgets them', async (t) => {
  const rig = makeRig({ coalesceMs: 10, retainEvents: 1 });
  const sink = settled(rig);
  rig.commit(50);
  rig.clock.runTurns();
  sink.finish();
  for (let i = 0; i < 4; i += 1) rig.commit(50);
  rig.clock.advance(10);
  rig.clock.runTurns();
  sink.finish();
  t.same(eventsOf(sink.text), [1, 2, 3, 4, 5]);
  rig.commit(50);
  rig.fanOut.destroy('shutdown');
  t.equal(rig.clock.pending, 0);
  t.equal(rig.books(), 0);
});

t.test('clients at the head are written the same bytes object', async (t) => {
  const rig = makeRig();
  const seen = new Set<Buffer>();
  for (let i = 0; i < 3; i += 1) {
    const sink = new FakeSink(true);
    const write = sink.write.bind(sink);
    sink.write = (slice) => {
      seen.add(slice.bytes);
      return write(slice);
    };
    rig.join(sink);
  }
  rig.commit(100, 100);
  rig.clock.runTurns();
  t.equal(seen.size, 1);
});

t.test('a long pass is cut into slices of time, and still reaches everyone once', async (t) => {
  const rig = makeRig();
  const sinks = Array.from({ length: 1_000 }, () => settled(rig));
  rig.commit(50);
  rig.clock.cost = 5;
  let turns = 0;
  while (rig.clock.runTurn()) turns += 1;
  t.ok(turns > 10, `${turns} turns`);
  t.ok(sinks.every((sink) => eventsOf(sink.text).length === 1));
});

t.test('a commit between two slices of a pass reaches those whom the pass has passed', async (t) => {
  const rig = makeRig();
  const sinks = Array.from({ length: 300 }, () => settled(rig));
  rig.commit(50);
  rig.clock.cost = 5;
  rig.clock.runTurn();
  rig.commit(50);
  rig.clock.runTurns();
  t.ok(sinks.every((sink) => eventsOf(sink.text).join() === '1,2'));
  t.equal(rig.books(), 0);
});

t.test('a commit made by a write in the middle of a pass is not left lying', async (t) => {
  const rig = makeRig();
  const first = new FakeSink(true);
  rig.join(first);
  const write = first.write.bind(first);
  let once = true;
  // The pass goes from the last to the first: everyone else is passed when this one is written to.
  first.write = (slice) => {
    if (once) {
      once = false;
      rig.commit(50);
    }
    return write(slice);
  };
  const others = Array.from({ length: 5 }, () => settled(rig));
  rig.commit(50);
  rig.clock.runTurns();
  for (const sink of [first, ...others]) t.same(eventsOf(sink.text), [1, 2]);
});

t.test('nobody is passed over when subscribers leave and join between the slices of a pass', async (t) => {
  for (const leaving of [0, 10, 100, 150, 255, 299]) {
    const rig = makeRig();
    const sinks = Array.from({ length: 300 }, () => settled(rig));
    const subscribers = [...rig.fanOut.subscribers];
    rig.commit(50);
    rig.clock.cost = 5;
    rig.clock.runTurn();
    for (let i = leaving; i < Math.min(leaving + 40, 300); i += 1) subscribers[i]!.destroy('disconnected');
    const joined = settled(rig);
    rig.clock.runTurns();
    const missed = sinks.filter(
      (sink, i) => subscribers[i]!.pending > 0 || (!sink.destroyed && eventsOf(sink.text).length !== 1),
    );
    t.equal(missed.filter((sink) => !sink.destroyed).length, 0, `leaving from ${leaving}`);
    t.same(eventsOf(joined.text), [], 'one that joined at the tip gets nothing twice');
    t.equal(rig.books(), 0);
  }
});

t.test(
  'a subscriber that joins behind a commit of the same turn at an older place gets it all, once',
  async (t) => {
    const rig = makeRig();
    rig.commit(50, 50, 50);
    const sink = new FakeSink();
    rig.join(sink, 2);
    t.equal(rig.metrics.eventsOffered, 2);
    rig.clock.runTurns();
    sink.finish();
    sink.finish();
    rig.clock.runTurns();
    t.same(eventsOf(sink.text), [2, 3]);
    t.equal(rig.metrics.eventsOut, 2);
  },
);

t.test('after destroy nothing is scheduled and everyone has left for that reason', async (t) => {
  const rig = makeRig();
  const sinks = [new FakeSink(), settled(rig)];
  rig.join(sinks[0]!);
  rig.commit(50);
  rig.fanOut.destroy('shutdown');
  t.equal(rig.clock.turns, 0);
  t.ok(sinks.every(({ destroyed }) => destroyed));
  t.same(
    rig.leaves.map(({ reason }) => reason),
    ['shutdown', 'shutdown'],
  );
  t.equal(rig.metrics.eventsDropped.get('shutdown'), 2);
  t.equal(rig.metrics.clientDisconnects.get('shutdown'), 2);
});

t.test('end asks everyone once, with the same last bytes, and nothing is written behind it', async (t) => {
  const rig = makeRig();
  const sink = settled(rig);
  rig.fanOut.end('upstream-failed', Buffer.from('last'));
  rig.fanOut.end('drain', Buffer.from('other'));
  rig.commit(50);
  rig.clock.runTurns();
  t.equal(String(sink.last), 'last');
  t.equal(sink.writes, 1);
  sink.settle();
  t.equal(rig.leaves[0]?.reason, 'upstream-failed');
  t.equal(rig.metrics.eventsDropped.get('upstream-failed'), 1);
  t.equal(rig.books(), 0);
});

t.test(
  'whoever holds a trimmed slab is closed as stalled, also with a write from the middle of it',
  async (t) => {
    const rig = makeRig({ retainEvents: 5, sliceBytes: 1_024 });
    const holder = new FakeSink();
    rig.join(holder);
    holder.finish();
    const quick = settled(rig);
    rig.commit(1_000, 1_000, 1_000);
    rig.clock.runTurns();
    // Its first write is over, the second, from the middle of the segment, never will be.
    holder.finish();
    for (let i = 0; i < 20; i += 1) {
      rig.commit(1_000);
      rig.clock.runTurns();
    }
    t.ok(rig.log.pinnedBytes > 0);
    t.equal(rig.fanOut.evictHolders(1), rig.log.pinnedBytes);
    t.same(
      rig.leaves.map(({ reason }) => reason),
      ['stalled'],
    );
    t.ok(holder.destroyed);
    t.notOk(quick.destroyed);
    holder.close();
    t.equal(rig.log.pinnedBytes, 0);
  },
);

t.test('the oldest hold is broken first, and no more than needed', async (t) => {
  const rig = makeRig({ retainEvents: 2, sliceBytes: 1_024 });
  const holders: FakeSink[] = [];
  for (let i = 0; i < 3; i += 1) {
    const sink = new FakeSink();
    holders.push(sink);
    rig.join(sink);
    sink.finish();
    for (let k = 0; k < 40; k += 1) {
      rig.commit(1_000);
      rig.clock.runTurns();
    }
  }
  t.equal(rig.fanOut.evictHolders(0), 0);
  t.equal(rig.leaves.length, 0, 'enough is enough');
  const destroyed = () => holders.map((sink) => sink.destroyed);
  const [oldest, next] = rig.log.pinned.map(({ slabBytes }) => slabBytes);
  t.equal(rig.fanOut.evictHolders(1), oldest);
  t.same(destroyed(), [true, false, false]);
  t.equal(
    rig.fanOut.evictHolders(oldest!),
    oldest,
    'its slab is as good as free, and nobody else has to go for it',
  );
  t.same(destroyed(), [true, false, false]);
  t.equal(rig.fanOut.evictHolders(oldest! + 1), oldest! + next!);
  t.same(destroyed(), [true, true, false]);
  holders[0]!.close();
  holders[1]!.close();
  t.equal(rig.fanOut.evictHolders(1), rig.log.pinned[0]?.slabBytes ?? 0);
});

t.test('a holder of history that is still retained is not closed, whatever is asked', async (t) => {
  const rig = makeRig();
  const sink = new FakeSink();
  rig.join(sink);
  sink.finish();
  rig.commit(1_000);
  rig.clock.runTurns();
  t.equal(rig.fanOut.evictHolders(1_000_000), 0);
  t.equal(rig.leaves.length, 0);
});

t.test(
  'delivery is timed from the commit of an event to the confirmation of the write that holds it',
  async (t) => {
    const rig = makeRig();
    const sink = new FakeSink();
    rig.join(sink);
    sink.finish();
    rig.commit(50);
    rig.clock.runTurns();
    rig.clock.advance(200);
    sink.finish();
    t.equal(rig.metrics.delivery.cumulative().at(-1), 1);
    t.equal(rig.metrics.delivery.sum, 0.2);
  },
);

t.test('a write that was under way before the timed commit does not count as its delivery', async (t) => {
  const rig = makeRig();
  const sink = new FakeSink();
  rig.join(sink);
  sink.finish();
  rig.commit(50);
  rig.clock.runTurns();
  rig.clock.advance(1_000);
  sink.finish();
  rig.commit(50);
  rig.clock.runTurns();
  rig.clock.advance(1_000);
  rig.commit(50);
  rig.clock.runTurns();
  rig.clock.advance(100);
  sink.finish();
  rig.clock.advance(100);
  sink.finish();
  t.equal(rig.metrics.delivery.sum, 1 + 1.1);
});

t.test('silence is not delivery time: a pass that has nothing for a client times nothing', async (t) => {
  const rig = makeRig();
  rig.commit(50);
  const sink = settled(rig);
  rig.clock.runTurns();
  rig.clock.advance(3_600_000);
  rig.commit(50);
  rig.clock.runTurns();
  t.same(eventsOf(sink.text), [2]);
  t.equal(rig.metrics.delivery.cumulative().at(-1), 1);
  t.ok(rig.metrics.delivery.sum < 1, `${rig.metrics.delivery.sum} s`);
});

t.test('events that were skipped are not timed', async (t) => {
  const rig = makeRig({ retainEvents: 1 });
  const sink = new FakeSink();
  rig.join(sink);
  rig.commit(50);
  rig.clock.runTurns();
  rig.commit(50);
  rig.clock.runTurns();
  sink.finish();
  sink.finish();
  rig.clock.advance(3_600_000);
  rig.commit(50);
  rig.clock.runTurns();
  sink.finish();
  t.same(eventsOf(sink.text.replace(/event: gateway.gap\n.*\n\n/, '')), [3]);
  t.ok(rig.metrics.delivery.sum < 1, `${rig.metrics.delivery.sum} s`);
});

t.test('a burst in one turn above what is retained reaches everyone at the tip', async (t) => {
  const rig = makeRig({ retainEvents: 10 });
  const sinks = [settled(rig), settled(rig)];
  for (let i = 0; i < 30; i += 1) rig.commit(50);
  t.equal(rig.log.floorSeq, 1, 'it is held');
  rig.clock.runTurns();
  t.equal(rig.log.floorSeq, 21, 'and no longer than the pass');
  for (const sink of sinks) {
    sink.settle();
    t.same(
      eventsOf(sink.text),
      Array.from({ length: 30 }, (_, i) => i + 1),
    );
  }
  t.equal(rig.metrics.gaps.total, 0);
  t.equal(rig.books(), 0);
});

t.test('a burst in several batches above the bytes that are retained does too', async (t) => {
  const rig = makeRig({ retainBytes: 4_096 });
  const sink = settled(rig);
  for (let i = 0; i < 10; i += 1) rig.commit(1_000, 1_000, 1_000);
  rig.clock.runTurns();
  for (let i = 0; i < 40; i += 1) sink.settle();
  t.equal(eventsOf(sink.text).length, 30);
  t.ok(rig.log.bytes <= 4_096);
});

t.test('what is held is bounded although commits never pause: each pass lets go', async (t) => {
  const rig = makeRig({ retainEvents: 2 });
  // A pass over many takes several turns, and there is a commit in each of them.
  const sinks = Array.from({ length: 200 }, () => settled(rig));
  rig.clock.cost = 5;
  let most = 0;
  for (let i = 0; i < 500; i += 1) {
    rig.commit(50);
    rig.clock.runTurn();
    most = Math.max(most, rig.log.tipSeq - rig.log.floorSeq);
    for (const sink of sinks) sink.settle();
  }
  rig.clock.cost = 0;
  t.ok(most > 2, `${most}: held through a pass`);
  t.ok(most < 12, `${most} events at most`);
  rig.clock.runTurns();
  for (let i = 0; i < 100; i += 1) for (const sink of sinks) sink.settle();
  for (const sink of sinks) t.equal(eventsOf(sink.text).length, 500);
});

t.test(
  'nothing is held for a fan-out that has no subscribers longer than a turn, nor behind its end',
  async (t) => {
    const rig = makeRig({ retainEvents: 2 });
    rig.commit(50, 50, 50, 50);
    rig.commit(50);
    t.equal(rig.log.floorSeq, 1);
    rig.clock.runTurns();
    t.equal(rig.log.floorSeq, 4);
    rig.commit(50);
    rig.commit(50, 50, 50);
    rig.fanOut.destroy('shutdown');
    t.equal(rig.log.tipSeq - rig.log.floorSeq, 3, 'the newest batch, as without a hold');
  },
);

t.test('age takes what is held as well', async (t) => {
  const rig = makeRig({ retainEvents: 2, retainAgeMs: 1_000 });
  rig.commit(50, 50, 50);
  rig.log.trim(rig.clock.now() + 1_001);
  t.equal(rig.log.floorSeq, 4);
});
