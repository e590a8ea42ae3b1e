/**
 * Random schedules of commits, passes, ticks, joins, leaves and late, failing or missing write callbacks over a log with
 * little retention, against what a client may be told. `MODEL_RUNS` raises the number of schedules.
 */
import fc from 'fast-check';
import t from 'tap';
import type { Subscriber } from '../../src/downstream/subscriber.js';
import { DirectFakeSink, FakeSink, makeRig, partsOf, type Rig, type RigOptions } from './rig.js';

const RUNS = Number(process.env['MODEL_RUNS'] ?? 400);

/** Whether slices go past the sink, and in which form. */
type Past = 'never' | 'plain' | 'chunked';

interface Client {
  readonly sink: FakeSink;
  readonly subscriber: Subscriber;
  readonly first: number;
}

type Step =
  | { readonly do: 'commit'; readonly sizes: readonly number[] }
  | { readonly do: 'join'; readonly back: number; readonly sync: boolean; readonly past: Past }
  | { readonly do: 'flip' | 'deafen'; readonly who: number }
  | { readonly do: 'finish' | 'fail' | 'close' | 'break' | 'end' | 'destroy'; readonly who: number }
  | { readonly do: 'turn' }
  | { readonly do: 'evict' }
  | { readonly do: 'trim' }
  | { readonly do: 'tick'; readonly ms: number };

const who = fc.nat({ max: 7 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('commit' as const),
      sizes: fc.array(fc.integer({ min: 12, max: 3_000 }), { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('join' as const),
      back: fc.nat({ max: 30 }),
      sync: fc.boolean(),
      past: fc.constantFrom('never' as const, 'plain' as const, 'chunked' as const, 'chunked' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('flip' as const, 'flip' as const, 'deafen' as const), who }),
  },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('finish' as const), who }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'fail' as const,
        'close' as const,
        'break' as const,
        'end' as const,
        'destroy' as const,
      ),
      who,
    }),
  },
  { weight: 7, arbitrary: fc.constant({ do: 'turn' as const }) },
  { weight: 1, arbitrary: fc.constantFrom({ do: 'evict' as const }, { do: 'trim' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('tick' as const), ms: fc.integer({ min: 1, max: 20_000 }) }),
  },
);

/** `cost`: of a look at the clock, ms; at 5 a pass is cut behind each `passStride` clients. */
const setting: fc.Arbitrary<RigOptions & { readonly cost: number }> = fc.record({
  cost: fc.constantFrom(0, 5),
  passStride: fc.integer({ min: 1, max: 3 }),
  onSlow: fc.constantFrom('skip' as const, 'disconnect' as const),
  onGap: fc.constantFrom('signal' as const, 'reject' as const, 'silent' as const),
  retainEvents: fc.integer({ min: 1, max: 25 }),
  retainBytes: fc.integer({ min: 4_096, max: 40_000 }),
  retainAgeMs: fc.integer({ min: 1_000, max: 60_000 }),
  sliceBytes: fc.constantFrom(1_024, 4_096, 65_536),
  coalesceMs: fc.constantFrom(0, 0, 5),
});

function perform(rig: Rig, clients: Client[], action: Step): void {
  const { clock, log, fanOut } = rig;
  if (action.do === 'commit') rig.commit(...action.sizes);
  else if (action.do === 'join') {
    const { sync, past } = action;
    const sink = past === 'never' ? new FakeSink(sync) : new DirectFakeSink(sync, past === 'chunked');
    const first = Math.max(log.tipSeq - action.back, log.floorSeq);
    clients.push({ sink, subscriber: rig.join(sink, first, clock.now() + 100_000), first });
  } else if (action.do === 'turn') clock.runTurn();
  else if (action.do === 'trim') log.trim(clock.now());
  else if (action.do === 'evict') fanOut.evictHolders(log.pinnedBytes);
  else if (action.do === 'tick') {
    clock.advance(action.ms);
    fanOut.tick(clock.now());
  } else {
    actOn(clients[action.who], action.do);
  }
}

function actOn(client: Client | undefined, what: Step['do']): void {
  if (client === undefined) return;
  const { sink, subscriber } = client;
  if (what === 'flip') sink.sync = !sink.sync;
  else if (what === 'deafen') {
    if (sink instanceof DirectFakeSink) sink.deaf = true;
  } else if (what === 'finish') sink.settle();
  else if (what === 'close' || what === 'break') sink.close(what === 'break');
  else if (what === 'end') subscriber.end('drain', Buffer.from('retry: 1\n\n'));
  else if (what === 'destroy') subscriber.destroy('disconnected');
  // A write fails because the connection is gone: the close follows.
  else if (sink.writing && !sink.gone) {
    sink.finish(false);
    sink.close(true);
  }
}

/** Contiguous from its first event on; a hole is told with its size, except where holes go untold by choice. */
function judge({ sink, first }: Client, onGap: RigOptions['onGap']): number {
  let next = first;
  let told = 0;
  const text = sink.text.replace(/^:\nretry: 1000\n\n/, '').replace(/retry: 1\n\n$/, '');
  for (const part of partsOf(text)) {
    if (part.kind === 'gap') {
      if (onGap !== 'signal') throw new Error(`a gap was told with onGap ${onGap}`);
      if (part.reason !== 'lagged' || !(part.lost! > 0)) throw new Error(`a gap of ${JSON.stringify(part)}`);
      told += part.lost!;
    } else if (part.kind === 'event') {
      const hole = part.seq - next;
      if (onGap === 'silent' ? hole < 0 : hole !== told)
        throw new Error(`event ${part.seq} where ${next} and a hole of ${told} was due`);
      next = part.seq + 1;
      told = 0;
    }
  }
  return next + told;
}

t.test(
  'after every step the books are right and every client has a contiguous history or was told',
  async (t) => {
    fc.assert(
      fc.property(setting, fc.array(step, { minLength: 10, maxLength: 120 }), (options, steps) => {
        const rig = makeRig(options);
        rig.clock.cost = options.cost;
        const clients: Client[] = [];
        for (const action of steps) {
          perform(rig, clients, action);
          if (rig.books() !== 0) throw new Error(`books are off by ${rig.books()} after ${action.do}`);
          for (const client of clients) judge(client, options.onGap);
        }
        // Everything comes to rest: whoever is still there has got all there is.
        for (let round = 0; round < 400; round += 1) {
          rig.clock.advance(1);
          rig.clock.runTurns();
          for (const { sink } of clients) if (!sink.gone) sink.settle();
        }
        for (const client of clients) {
          const reached = judge(client, options.onGap);
          const silent = options.onGap === 'silent';
          if (!client.sink.gone && !silent && reached !== rig.log.tipSeq)
            throw new Error(`a client at peace stands at ${reached}, the tip is ${rig.log.tipSeq}`);
          if (!client.sink.gone && client.subscriber.pending > 0)
            throw new Error('a client at peace has something pending');
        }
        const open = clients.filter(({ sink }) => !sink.gone).length;
        if (rig.fanOut.size !== open) throw new Error(`${rig.fanOut.size} subscribers, ${open} clients`);
        rig.fanOut.destroy('shutdown');
        for (const { sink } of clients) sink.close();
        if (rig.books() !== 0) throw new Error('books are off at the end');
        if (rig.leaves.length !== clients.length)
          throw new Error(`${rig.leaves.length} leaves of ${clients.length}`);
        rig.log.close();
        if (rig.pool.stats.inUseBytes !== 0) throw new Error('a pin was never taken back');
      }),
      { numRuns: RUNS },
    );
    t.pass(`${RUNS} schedules`);
  },
);
