import t from 'tap';
import { DirectFakeSink, eventsOf, FakeSink, makeRig, partsOf, type Rig } from './rig.js';

/** A client at the front: it is at the tip and has nothing under way. */
function atFront(rig: Rig, { chunked = true, sync = true } = {}): DirectFakeSink {
  const sink = new DirectFakeSink(sync, chunked);
  rig.join(sink);
  sink.finish();
  return sink;
}

function flush(rig: Rig, ...sizes: number[]): void {
  rig.commit(...sizes);
  rig.clock.runTurns();
}

t.test(
  'those at the front are written to past their sinks, in their form, all of them the same bytes',
  async (t) => {
    const rig = makeRig();
    const chunked = [atFront(rig), atFront(rig)];
    const plain = atFront(rig, { chunked: false });
    const seen = new Set<Buffer>();
    for (const { handle } of chunked) {
      const { writeBuffer } = handle;
      handle.writeBuffer = (request, bytes) => {
        seen.add(bytes);
        return writeBuffer(request, bytes);
      };
    }
    flush(rig, 50, 50);
    // One of them is timed, which it is by its own write.
    t.ok(chunked.concat(plain).filter(({ past }) => past === 1).length >= 2);
    t.equal(seen.size, 1);
    for (const sink of [...chunked, plain]) t.same(eventsOf(sink.text), [1, 2]);
    t.equal(rig.books(), 0);
  },
);

t.test('one whose socket is full has its write under way, and gets the rest behind it', async (t) => {
  const rig = makeRig();
  const [full, other] = [atFront(rig), atFront(rig)];
  flush(rig, 50);
  full.sync = false;
  flush(rig, 50);
  flush(rig, 50);
  t.ok(full.writing);
  t.same(eventsOf(other.text), [1, 2, 3]);
  t.equal(rig.books(), 0);
  full.finish();
  full.finish();
  t.same(eventsOf(full.text), [1, 2, 3]);
  t.equal(rig.books(), 0);
});

t.test('one that broke unnoticed is found by its own write, and nobody else is disturbed', async (t) => {
  const rig = makeRig();
  const sinks = [atFront(rig), atFront(rig), atFront(rig)];
  flush(rig, 50);
  const broken = sinks[1]!;
  broken.deaf = true;
  broken.sync = false;
  flush(rig, 50);
  t.ok(broken.writing, 'its sink was asked');
  broken.close(true);
  t.same(
    rig.leaves.map(({ reason }) => reason),
    ['write-failed'],
  );
  flush(rig, 50);
  for (const sink of [sinks[0]!, sinks[2]!]) t.same(eventsOf(sink.text), [1, 2, 3]);
  t.equal(rig.books(), 0);
});

for (const [slices, past] of [
  [3, true],
  [9, false],
] as const) {
  t.test(
    `what takes ${slices} slices reaches everyone in order, ${past ? 'past' : 'by'} the sinks`,
    async (t) => {
      const rig = makeRig({ sliceBytes: 1_024 });
      const sinks = [atFront(rig), atFront(rig), atFront(rig)];
      const sizes = Array.from({ length: slices }, () => 1_000);
      flush(rig, ...sizes);
      for (const sink of sinks) t.equal(eventsOf(sink.text).length, slices);
      t.equal(sinks.filter((sink) => sink.past === slices).length > 0, past);
      t.equal(rig.books(), 0);
    },
  );
}

t.test('one that fails behind the first of several slices goes on behind it', async (t) => {
  const rig = makeRig({ sliceBytes: 1_024 });
  const sinks = [atFront(rig), atFront(rig), atFront(rig)];
  for (const sink of sinks) sink.deafBehind = 1;
  flush(rig, 1_000, 1_000, 1_000);
  for (const sink of sinks) {
    for (let i = 0; i < 4; i += 1) sink.finish();
    t.same(eventsOf(sink.text), [1, 2, 3]);
  }
  t.equal(rig.books(), 0);
});

t.test('when events are taken back each of them is told', async (t) => {
  const rig = makeRig();
  const sinks = [atFront(rig), atFront(rig), atFront(rig)];
  flush(rig, 50, 50);
  rig.log.truncate(2);
  rig.fanOut.wake();
  rig.clock.runTurns();
  for (const sink of sinks) {
    sink.finish();
    t.match(partsOf(sink.text).at(-1), { kind: 'gap', reason: 'upstream' });
  }
  flush(rig, 50);
  for (const sink of sinks) t.equal(eventsOf(sink.text).at(-1), 2);
});

t.test('when history was trimmed before they were written to each of them is told', async (t) => {
  const rig = makeRig({ retainAgeMs: 1_000 });
  const sinks = [atFront(rig), atFront(rig), atFront(rig)];
  flush(rig, 50);
  rig.commit(50);
  rig.log.trim(rig.clock.now() + 5_000);
  rig.clock.runTurns();
  for (const sink of sinks) {
    sink.finish();
    sink.finish();
    const told = partsOf(sink.text).slice(2);
    t.match(told, [{ kind: 'gap', reason: 'lagged', lost: 1 }]);
  }
  t.equal(rig.books(), 0);
});

t.test(
  'those at the front get a heartbeat when nothing was written for so long, and not before',
  async (t) => {
    const rig = makeRig({ heartbeatMs: 1_000 });
    const sinks = [atFront(rig), atFront(rig), atFront(rig)];
    const heartbeats = () =>
      sinks.map(({ text }) => partsOf(text).filter(({ kind }) => kind === 'comment').length - 1);
    rig.clock.advance(900);
    flush(rig, 50);
    rig.clock.advance(900);
    rig.fanOut.tick(rig.clock.now());
    t.same(heartbeats(), [0, 0, 0]);
    rig.clock.advance(100);
    rig.fanOut.tick(rig.clock.now());
    for (const sink of sinks) sink.finish();
    t.same(heartbeats(), [1, 1, 1]);
    flush(rig, 50);
    for (const sink of sinks) t.same(eventsOf(sink.text), [1, 2]);
  },
);

t.test('one that reads up to the tip in the middle of a pass is not written to twice', async (t) => {
  const rig = makeRig({ passStride: 1 });
  const late = atFront(rig);
  const others = [atFront(rig), atFront(rig), atFront(rig)];
  flush(rig, 50);
  late.sync = false;
  flush(rig, 50);
  // The pass that follows stops behind each client; the late one, which is its last, is done with its write before.
  rig.clock.cost = 5;
  late.sync = true;
  rig.commit(50);
  rig.clock.runTurn();
  late.finish();
  rig.clock.runTurns();
  for (const sink of [late, ...others]) t.same(eventsOf(sink.text), [1, 2, 3]);
  t.equal(rig.books(), 0);
});

t.test('who joins or leaves in the middle of a pass changes nothing for the others', async (t) => {
  for (let leaver = 0; leaver < 5; leaver += 1) {
    const rig = makeRig({ passStride: 1 });
    const sinks = Array.from({ length: 5 }, () => atFront(rig));
    rig.clock.cost = 5;
    flush(rig, 50);
    rig.commit(50);
    rig.clock.runTurn();
    rig.clock.runTurn();
    sinks[leaver]!.close();
    const joined = atFront(rig);
    t.equal(rig.books(), 0, `books while ${leaver} leaves`);
    rig.clock.runTurns();
    flush(rig, 50);
    for (const sink of sinks.filter((_, at) => at !== leaver)) t.same(eventsOf(sink.text), [1, 2, 3]);
    t.same(eventsOf(joined.text), [3]);
    t.equal(rig.books(), 0);
  }
});

t.test('sinks that are written to by themselves never come to the front', async (t) => {
  const rig = makeRig();
  const sink = new FakeSink(true);
  rig.join(sink);
  flush(rig, 50);
  flush(rig, 50);
  t.same(eventsOf(sink.text), [1, 2]);
});
