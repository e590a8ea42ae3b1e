/**
 * Random schedules over two logs of one channel: clients read a log of their own, which ends where the channel's begins,
 * and are moved, while either log grows, is trimmed and loses clients. `MODEL_RUNS` raises the number of schedules.
 */
import fc from 'fast-check';
import t from 'tap';
import type { Subscriber } from '../../src/downstream/subscriber.js';
import { gapFrame } from '../../src/gap.js';
import { FakeSink, makeRig, partsOf, type Rig, type RigOptions } from './rig.js';

const RUNS = Number(process.env['MODEL_RUNS'] ?? 400);

/** Where the channel's log begins; the private one holds what is before. */
const MEET = 21;

interface Client {
  readonly sink: FakeSink;
  readonly subscriber: Subscriber;
  readonly first: number;
}

const who = fc.nat({ max: 7 });
const sizes = fc.array(fc.integer({ min: 12, max: 2_000 }), { minLength: 1, maxLength: 6 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('commit' as const, 'read' as const), sizes }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('join' as const, 'join private' as const),
      sync: fc.boolean(),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('finish' as const), who }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('close' as const, 'break' as const, 'end' as const, 'destroy' as const),
      who,
    }),
  },
  { weight: 6, arbitrary: fc.constant({ do: 'turn' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'lose' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'trim' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('tick' as const), ms: fc.integer({ min: 1, max: 20_000 }) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const setting: fc.Arbitrary<RigOptions> = fc.record({
  onSlow: fc.constantFrom('skip' as const, 'disconnect' as const),
  retainEvents: fc.integer({ min: 1, max: 25 }),
  retainAgeMs: fc.integer({ min: 1_000, max: 60_000 }),
  sliceBytes: fc.constantFrom(1_024, 65_536),
});

class World {
  readonly main: Rig;
  readonly own: Rig;
  readonly clients: Client[] = [];
  /** The private log is complete: everyone goes on at `MEET`, or what is left of it. */
  settled = false;
  moves = 0;

  constructor(options: RigOptions) {
    this.main = makeRig({ ...options, firstSeq: MEET });
    this.own = makeRig(
      { ...options, retainEvents: 1_000, onTip: (subscriber) => this.#move(subscriber) },
      this.main,
    );
  }

  perform(action: Step): void {
    const { main, own, clients } = this;
    if (action.do === 'commit') main.commit(...action.sizes);
    else if (action.do === 'read') this.#read(action.sizes);
    else if (action.do === 'join') this.#join(main, action.sync, main.log.floorSeq);
    else if (action.do === 'join private') {
      if (!this.settled) this.#join(own, action.sync, own.log.floorSeq);
    } else if (action.do === 'turn') main.clock.runTurn();
    else if (action.do === 'trim') main.log.trim(main.clock.now() + 100_000);
    else if (action.do === 'lose') this.#settle();
    else if (action.do === 'tick') {
      main.clock.advance(action.ms);
      for (const { fanOut } of [main, own]) fanOut.tick(main.clock.now());
    } else if ('who' in action) actOn(clients[action.who], action.do);
  }

  #join(rig: Rig, sync: boolean, first: number): void {
    const sink = new FakeSink(sync);
    this.clients.push({ sink, first, subscriber: rig.join(sink, first) });
  }

  #read(all: readonly number[]): void {
    const room = MEET - this.own.log.tipSeq;
    if (this.settled || room === 0) return;
    this.own.commit(...all.slice(0, room));
    if (this.own.log.tipSeq === MEET) this.#settle();
  }

  #settle(): void {
    this.settled = true;
    this.own.fanOut.wake();
  }

  #move(subscriber: Subscriber): void {
    if (!this.settled) return;
    const { main, own } = this;
    this.moves += 1;
    const lost = main.log.floorSeq - own.log.tipSeq;
    const gap = { from: null, resume: null, lost, repeats: false, reason: 'trimmed' } as const;
    const told = lost > 0 ? gapFrame(gap) : undefined;
    main.fanOut.adopt(subscriber, own.fanOut, main.log.floor, told);
  }
}

function actOn(client: Client | undefined, what: Step['do']): void {
  if (client === undefined) return;
  const { sink, subscriber } = client;
  if (what === 'finish') sink.settle();
  else if (what === 'end') subscriber.end('drain', Buffer.from('retry: 1\n\n'));
  else if (what === 'destroy') subscriber.destroy('disconnected');
  else sink.close(what === 'break');
}

/** Contiguous across the move; every hole is told with its size. Returns the seq that is next. */
function judge({ sink, first }: Client): number {
  let next = first;
  const text = sink.text.replace(/^:\nretry: 1000\n\n/, '').replace(/retry: 1\n\n$/, '');
  for (const part of partsOf(text)) {
    if (part.kind === 'gap') {
      if (!(part.lost! > 0)) throw new Error(`a gap of ${JSON.stringify(part)}`);
      next += part.lost!;
    } else if (part.kind === 'event') {
      if (part.seq !== next) throw new Error(`event ${part.seq} where ${next} was due`);
      next += 1;
    }
  }
  return next;
}

t.test(
  'whenever clients are moved the books are right, and every history is contiguous or says what it lacks',
  async (t) => {
    let moves = 0;
    fc.assert(
      fc.property(setting, fc.array(step, { minLength: 10, maxLength: 120 }), (options, steps) => {
        const world = new World(options);
        const { main, own, clients } = world;
        for (const action of steps) {
          world.perform(action);
          if (own.books() !== 0) throw new Error(`books are off by ${own.books()} after ${action.do}`);
          for (const client of clients) judge(client);
        }
        for (let round = 0; round < 200; round += 1) {
          main.clock.runTurns();
          for (const { sink } of clients) if (!sink.gone) sink.settle();
        }
        moves += world.moves;
        const here = new Set(own.fanOut.subscribers);
        for (const client of clients) {
          if (client.sink.gone) continue;
          const { tipSeq } = here.has(client.subscriber) ? own.log : main.log;
          const reached = judge(client);
          if (reached !== tipSeq) throw new Error(`a client at peace stands at ${reached}, not at ${tipSeq}`);
          if (client.subscriber.pending > 0) throw new Error('a client at peace has something pending');
        }
        if (world.settled && here.size > 0) throw new Error('somebody was not moved');
        const open = clients.filter(({ sink }) => !sink.gone).length;
        const size = main.fanOut.size + own.fanOut.size;
        if (size !== open) throw new Error(`${size} subscribers, ${open} clients`);
        for (const { fanOut } of [own, main]) fanOut.destroy('shutdown');
        for (const { sink } of clients) sink.close();
        if (own.books() !== 0) throw new Error('books are off at the end');
        if (main.leaves.length !== clients.length) throw new Error(`${main.leaves.length} leaves`);
        for (const { log } of [own, main]) log.close();
        if (main.pool.stats.inUseBytes !== 0) throw new Error('a pin was never taken back');
      }),
      { numRuns: RUNS },
    );
    t.ok(moves > RUNS / 10, `${RUNS} schedules, ${moves} moves`);
  },
);
