/** The load client's checker finds every fault there is, and nothing where there is none, in whatever pieces bytes come. */
import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import t from 'tap';
import { FAULTS, type Fault, Findings } from '../../load/checking/findings.js';
import { Reference } from '../../load/checking/reference.js';
import { StreamChecker } from '../../load/checking/stream-checker.js';
import { events } from '../../load/wire/event.js';

const EVENT_BYTES = 96;
const COUNT = 60;
/** Offered at 1 ms, read at 3 ms. */
const OFFERED = 1_000;
const NOW = 3_000;

const frames = Array.from({ length: COUNT }, (_, seq) => events(seq, 1, EVENT_BYTES, OFFERED));
const preamble = Buffer.from(':\nretry: 1234\n\n');

interface Reader {
  readonly stream: Buffer;
  /** Sizes of its reads, over and over. */
  readonly reads: readonly number[];
}

/** The readers take turns, one read each. */
function check(readers: readonly Reader[], reference = new Reference(1 << 16, 1 << 10)): Findings {
  const findings = new Findings();
  const states = readers.map((reader) => ({
    ...reader,
    checker: new StreamChecker(reference, findings),
    at: 0,
    turn: 0,
  }));
  for (let open = states.length; open > 0; ) {
    for (const state of states) {
      if (state.at === state.stream.length) continue;
      const size = state.reads[state.turn % state.reads.length]!;
      const to = Math.min(state.stream.length, state.at + size);
      // As a socket's read would: into a buffer that the next read overwrites.
      const buffer = Buffer.from(state.stream.subarray(state.at, to));
      state.checker.feed(buffer, 0, buffer.length, NOW);
      buffer.fill(0);
      state.at = to;
      state.turn += 1;
      if (to === state.stream.length) {
        open -= 1;
        state.checker.end();
      }
    }
  }
  return findings;
}

const whole = (list: readonly Buffer[] = frames): Buffer => Buffer.concat([preamble, ...list]);
const found = (findings: Findings): Fault[] => FAULTS.filter((fault) => findings.faults[fault] > 0);
const reads = fc.array(fc.integer({ min: 1, max: 5 * EVENT_BYTES }), { minLength: 1, maxLength: 5 });

t.test(
  'a complete stream is clean and counted to the event and byte, in whatever pieces it comes',
  async (t) => {
    fc.assert(
      fc.property(fc.array(reads, { minLength: 1, maxLength: 4 }), (crowd) => {
        const findings = check(crowd.map((sizes) => ({ stream: whole(), reads: sizes })));
        t.strictSame(found(findings), []);
        t.equal(findings.delivered, COUNT * crowd.length);
        t.equal(findings.bytes, whole().length * crowd.length);
      }),
      { numRuns: 300 },
    );
  },
);

t.test('comments between events, and only for some, are no fault', async (t) => {
  fc.assert(
    fc.property(reads, reads, fc.integer({ min: 1, max: COUNT - 1 }), (one, other, at) => {
      const commented = Buffer.concat([
        whole(frames.slice(0, at)),
        Buffer.from(':\n\n'),
        ...frames.slice(at),
      ]);
      const findings = check([
        { stream: whole(), reads: one },
        { stream: commented, reads: other },
      ]);
      t.strictSame(found(findings), []);
      t.equal(findings.delivered, 2 * COUNT);
    }),
    { numRuns: 200 },
  );
});

t.test('a reader that comes later is clean, and begins at its first event', async (t) => {
  const findings = check([
    { stream: whole(), reads: [300] },
    { stream: whole(frames.slice(20)), reads: [70] },
  ]);
  t.strictSame(found(findings), []);
  t.equal(findings.delivered, 2 * COUNT - 20);
});

/** Each does one thing to a complete list of frames. */
const INJECTED: Record<string, { fault: Fault; spoil(list: Buffer[], at: number): void }> = {
  'an event left out': { fault: 'missing', spoil: (list, at) => list.splice(at, 1) },
  'an event twice': { fault: 'repeated', spoil: (list, at) => list.splice(at, 0, list[at]!) },
  'two events in the wrong order': {
    fault: 'repeated',
    spoil: (list, at) => list.splice(at, 2, list[at + 1]!, list[at]!),
  },
  'an event cut short': {
    fault: 'corrupted',
    spoil: (list, at) => list.splice(at, 1, Buffer.concat([list[at]!.subarray(0, 70), Buffer.from('\n\n')])),
  },
  'an event without its end': {
    fault: 'corrupted',
    spoil: (list, at) => list.splice(at, 1, list[at]!.subarray(0, 70)),
  },
  'one byte of the filling changed': {
    fault: 'corrupted',
    spoil: (list, at) => flip(list, at, EVENT_BYTES - 5),
  },
  'one digit of the ordinal made a letter': { fault: 'corrupted', spoil: (list, at) => flip(list, at, 24) },
};

function flip(list: Buffer[], at: number, offset: number): void {
  const changed = Buffer.from(list[at]!);
  changed[offset] = 0x2a;
  list[at] = changed;
}

for (const [name, { fault, spoil }] of Object.entries(INJECTED)) {
  t.test(`${name} is found: ${fault}`, async (t) => {
    fc.assert(
      fc.property(
        reads,
        reads,
        fc.integer({ min: 1, max: COUNT - 3 }),
        fc.boolean(),
        (one, other, at, spoiledFirst) => {
          const list = [...frames];
          spoil(list, at);
          const clean = { stream: whole(), reads: one };
          const spoiled = { stream: whole(list), reads: other };
          const findings = check(spoiledFirst ? [spoiled, clean] : [clean, spoiled]);
          t.ok(found(findings).includes(fault), `${name} at ${at}: ${JSON.stringify(findings.faults)}`);
        },
      ),
      { numRuns: 200 },
    );
  });
}

t.test('one byte changed in a follower, id included, is found wherever it is', async (t) => {
  fc.assert(
    fc.property(reads, fc.integer({ min: 0, max: EVENT_BYTES * (COUNT - 2) - 1 }), (sizes, offset) => {
      const stream = whole();
      const at = preamble.length + offset;
      stream[at] = stream[at]! ^ 1;
      const reference = new Reference(1 << 16, 1 << 10);
      t.strictSame(found(check([{ stream: whole(), reads: [1_000] }], reference)), []);
      t.not(found(check([{ stream, reads: sizes }], reference)).length, 0, `offset ${offset}`);
    }),
    { numRuns: 500, examples: [[[64], 14]] },
  );
});

t.test('a stream that ends within an event is truncated', async (t) => {
  const short = whole().subarray(0, -10);
  t.strictSame(found(check([{ stream: short, reads: [64] }])), ['truncated']);
  const readers = [
    { stream: whole(), reads: [4_000] },
    { stream: short, reads: [64] },
  ];
  t.strictSame(found(check(readers)), ['truncated'], 'after another reader had it all');
});

t.test('a gap that the server announces is a finding', async (t) => {
  const notice = Buffer.from('event: gateway.gap\ndata: {"from":"1","lost":3}\n\n');
  const stream = Buffer.concat([whole(frames.slice(0, 9)), notice, ...frames.slice(9)]);
  t.strictSame(found(check([{ stream, reads: [128] }])), ['told']);
});

t.test('a reader further behind than the reference reaches is not called clean', async (t) => {
  const reference = new Reference(1 << 10, 1 << 10);
  t.strictSame(found(check([{ stream: whole(), reads: [500] }], reference)), []);
  t.strictSame(found(check([{ stream: whole(), reads: [500] }], reference)), ['unverified']);
});

t.test('latency is from the moment an event was offered', async (t) => {
  const { latency } = check([{ stream: whole(), reads: [500] }]).report();
  t.equal(latency.count, COUNT);
  t.equal(latency.max, 2);
});
