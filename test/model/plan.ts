/** What a run is made of: the set-up and the steps, as fast-check draws and shrinks them. */
import fc from 'fast-check';
import type { Look, Naming } from './truth.js';
import { type Down, POLICIES, type Policy } from './upstream.js';

export interface Setup {
  readonly seed: number;
  readonly ids: 'auto' | 'upstream' | 'gateway';
  readonly replay: 'unknown' | 'proven' | boolean;
  readonly onGap: 'signal' | 'reject' | 'silent';
  readonly onSlow: 'skip' | 'disconnect';
  readonly naming: Naming;
  readonly policy: Policy;
  readonly refuses: 'never' | 'unknown' | 'clients';
  /** The upstream can be asked privately. */
  readonly backfill: boolean;
  readonly retainEvents: number;
  readonly retainBytes: number;
  readonly retainAgeMs: number;
  readonly sliceBytes: number;
  readonly replayBytes: number;
  readonly resumeWaitMs: number;
  readonly connectWaitMs: number;
  readonly lingerMs: number;
  readonly maxLogBytes: number;
  /** Clients take slices at once. */
  readonly eager: boolean;
  readonly maxAgeMs: number;
}

export type Step =
  | { readonly do: 'emit'; readonly looks: readonly Look[]; readonly hold: number; readonly turn: boolean }
  | {
      readonly do: 'cut';
      readonly which: 'own' | 'private' | 'all';
      readonly fragment: boolean;
      readonly ms: number;
    }
  | { readonly do: 'down'; readonly down: Down }
  | { readonly do: 'restart-ids' }
  | { readonly do: 'publish'; readonly named: boolean; readonly count: number; readonly turn: boolean }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'join'; readonly id: number; readonly stalled: boolean }
  | { readonly do: 'resume'; readonly id: number; readonly stalled: boolean }
  | { readonly do: 'forge'; readonly id: number }
  | { readonly do: 'hop'; readonly client: number; readonly part: number; readonly late: boolean }
  | { readonly do: 'leave'; readonly client: number; readonly part: number; readonly late: boolean }
  | { readonly do: 'stall' | 'release'; readonly client: number }
  | { readonly do: 'everyone-leaves' }
  | { readonly do: 'rest'; readonly cut: boolean }
  | { readonly do: 'disconnect'; readonly every: number }
  | { readonly do: 'drain'; readonly drainMs: number; readonly looks: readonly Look[] }
  | { readonly do: 'restart-gateway' };

const rarely = <T>(value: T, other: T) => fc.nat(9).map((n) => (n === 9 ? other : value));
const nat = (max: number) => fc.nat(max);

export const setup: fc.Arbitrary<Setup> = fc.record({
  seed: fc.nat(),
  ids: fc.constantFrom('auto' as const, 'auto' as const, 'upstream' as const, 'gateway' as const),
  replay: fc.constantFrom(true, true, 'proven' as const, 'proven' as const, 'unknown' as const, false),
  onGap: fc.constantFrom(
    'signal' as const,
    'signal' as const,
    'signal' as const,
    'reject' as const,
    'silent' as const,
  ),
  onSlow: fc.constantFrom('skip' as const, 'disconnect' as const),
  naming: fc.constantFrom<Naming>('every', 'every', 'some', 'repeated'),
  policy: fc.oneof(
    { weight: 2, arbitrary: fc.constant<Policy>('truly') },
    { weight: 1, arbitrary: fc.constantFrom(...POLICIES) },
  ),
  refuses: fc.constantFrom('never' as const, 'never' as const, 'unknown' as const, 'clients' as const),
  backfill: fc.constantFrom(true, true, false),
  retainEvents: fc.constantFrom(1_000, 1, 2, 5, 12),
  retainBytes: fc.constantFrom(1_000_000, 60, 200, 1_000),
  retainAgeMs: fc.constantFrom(300_000, 300_000, 1_500, 5_000),
  sliceBytes: fc.constantFrom(65_536, 40, 200),
  replayBytes: fc.constantFrom(1_000_000, 1_000_000, 300),
  resumeWaitMs: fc.constantFrom(0, 50, 2_000),
  connectWaitMs: fc.constantFrom(0, 5, 2_000),
  lingerMs: fc.constantFrom(0, 500, 5_000),
  maxLogBytes: fc.constantFrom(1_000_000, 1_000_000, 1_000_000, 12_288),
  eager: fc.boolean(),
  // Longer than a client may have to wait for its id, or it gets nothing.
  maxAgeMs: fc.constantFrom(0, 0, 0, 4_000, 8_000),
});

const look = fc.record({
  name: fc.constantFrom(0, 0, 1, 2, 0, 1, 3),
  padding: fc.oneof(nat(30), nat(30), rarely(900, 5_000)),
  spelling: fc.constantFrom(0, 0, 0, 1, 2, 3, 4),
});
const gone = { client: nat(7), part: fc.double({ min: 0, max: 1, noNaN: true }), late: fc.boolean() };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('emit' as const),
      looks: fc.array(look, { minLength: 1, maxLength: 6 }),
      hold: fc.constantFrom(0, 0, 0, 1, 5, 20),
      turn: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('cut' as const),
      which: fc.constantFrom('own' as const, 'own' as const, 'private' as const, 'all' as const),
      fragment: fc.boolean(),
      ms: fc.constantFrom(0, 0, 90, 200),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('down' as const),
      down: fc.constantFrom<Down>('no', 'no', 'faults', 'faults', 'gone'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart-ids' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.constantFrom(1, 10, 50, 150, 1_000, 4_000, 40_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('join' as const), id: nat(0), stalled: rarely(false, true) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('resume' as const), id: nat(40), stalled: rarely(false, true) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forge' as const), id: nat(5) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('hop' as const), ...gone }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), ...gone }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('stall' as const, 'release' as const), client: nat(7) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('everyone-leaves' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rest' as const), cut: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      named: fc.boolean(),
      count: fc.constantFrom(1, 1, 2),
      turn: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('disconnect' as const), every: fc.constantFrom(1, 2) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('drain' as const),
      drainMs: fc.constantFrom(0, 100),
      looks: fc.array(look, { maxLength: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restart-gateway' as const) }) },
);

const plain = { name: 0, padding: 0, spelling: 0 };

/** Most runs begin with a client that sees something, or hardly anybody would have a place to go back to. */
const BEGINNING: readonly Step[] = [
  { do: 'join', id: 0, stalled: false },
  { do: 'advance', ms: 50 },
  { do: 'emit', looks: [plain, plain, plain], hold: 0, turn: true },
  { do: 'advance', ms: 1 },
];

export const steps: fc.Arbitrary<Step[]> = fc
  .tuple(fc.constantFrom(0, 4, 4, 4), fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }))
  .map(([length, plan]) => [...BEGINNING.slice(0, length), ...plan]);
