/** Runs that once failed, shrunk: they go first in every run of the model. A table and nothing else. */
import type { Setup, Step } from './plan.js';

export interface Found {
  readonly claim: string;
  readonly setup: Setup;
  readonly steps: readonly Step[];
}

const BASE: Setup = {
  seed: 0,
  ids: 'auto',
  replay: true,
  onGap: 'signal',
  onSlow: 'skip',
  naming: 'every',
  policy: 'truly',
  refuses: 'never',
  backfill: true,
  retainEvents: 1_000,
  retainBytes: 1_000_000,
  retainAgeMs: 300_000,
  sliceBytes: 65_536,
  replayBytes: 1_000_000,
  resumeWaitMs: 0,
  connectWaitMs: 0,
  lingerMs: 0,
  maxLogBytes: 1_000_000,
  eager: false,
  maxAgeMs: 0,
};

const emit = (...paddings: number[]): Step => ({
  do: 'emit',
  looks: paddings.map((padding) => ({ name: 0, padding, spelling: 0 })),
  hold: 0,
  turn: false,
});
/** The same, but for the last byte. */
const heldBack = (...paddings: number[]): Step => ({ ...emit(...paddings), hold: 1 }) as Step;
/** An event without an id, and behind it an id alone. */
const unnamed: Step = { do: 'emit', looks: [{ name: 2, padding: 0, spelling: 0 }], hold: 0, turn: true };
const advance = (ms: number): Step => ({ do: 'advance', ms });
const join: Step = { do: 'join', id: 0, stalled: false };
const resume = (id: number): Step => ({ do: 'resume', id, stalled: false });
const cut: Step = { do: 'cut', which: 'own', fragment: false, ms: 0 };
const hop: Step = { do: 'hop', client: 0, part: 0, late: false };
const leave: Step = { do: 'leave', client: 0, part: 0, late: false };

export const FOUND: readonly Found[] = [
  {
    claim: 'the id before the last is asked with when the two came in different chunks',
    setup: { ...BASE, replay: 'proven', backfill: false },
    steps: [join, advance(10), emit(0), emit(0), cut, advance(200)],
  },
  {
    claim: 'a trimmed break makes the number of lost events unknown',
    setup: { ...BASE, naming: 'some', backfill: false, retainAgeMs: 5_000 },
    steps: [join, advance(4_000), unnamed, cut, advance(40_000), resume(0), advance(200)],
  },
  {
    claim: 'the room made for an event that a private replay does not want is given back',
    setup: { ...BASE, retainEvents: 2 },
    steps: [join, advance(150), emit(0), advance(1), emit(0, 0), resume(0)],
  },
  {
    claim: 'a minted id is no exact place behind a rest in which the log was emptied',
    setup: { ...BASE, ids: 'gateway', retainAgeMs: 1_500 },
    steps: [join, advance(50), emit(0), advance(1), { do: 'rest', cut: false }, resume(0), emit(0)],
  },
  {
    claim: 'what came before a rest is no repeat to a client that asks for it',
    setup: { ...BASE, retainAgeMs: 1_500, lingerMs: 500 },
    steps: [join, advance(50), emit(0, 0, 0), advance(1), cut, leave, advance(40_000), resume(1)],
  },
  {
    claim: 'an upstream that replays too much is not asked privately, proof or not',
    setup: { ...BASE, replay: 'proven', policy: 'too-much', retainEvents: 1, connectWaitMs: 5 },
    steps: [
      ...[join, advance(50), emit(0, 0, 0), advance(1), { do: 'rest', cut: false } as const],
      ...[resume(0), emit(0), join],
    ],
  },
  {
    claim: 'a client that skips untold in a private replay still gets out of it',
    setup: {
      ...BASE,
      seed: 2147483577,
      onGap: 'silent',
      policy: 'too-much',
      retainAgeMs: 1_500,
      replayBytes: 300,
    },
    steps: [
      emit(0),
      resume(0),
      advance(4_000),
      emit(0, 5_000),
      advance(1),
      hop,
      advance(4_000),
      hop,
      { do: 'resume', id: 7, stalled: true },
      advance(1_000),
      resume(0),
    ],
  },
  {
    claim: 'a private replay that has lost its beginning is not shared with who comes later',
    setup: { ...BASE, lingerMs: 500, maxLogBytes: 12_288 },
    steps: [
      ...[join, advance(50), emit(0, 0, 0), advance(1), { do: 'restart-gateway' } as const, join],
      ...[emit(900, 5_000, 900), advance(10), { do: 'rest', cut: true } as const, resume(0)],
      ...[emit(5_000, 0), advance(40_000), hop, advance(1)],
    ],
  },
  {
    claim:
      'an id that came again while its bearer waited stands for the newest, and so do the ids seen behind it',
    setup: {
      ...BASE,
      replay: 'unknown',
      backfill: false,
      retainBytes: 1_000,
      resumeWaitMs: 2_000,
      eager: true,
    },
    steps: [
      ...[join, advance(50), emit(0, 0, 0), advance(1), emit(900, 60), advance(1)],
      ...[{ do: 'everyone-leaves' } as const, resume(3), { do: 'restart-ids' } as const, heldBack(0, 0, 0)],
      ...[{ do: 'publish', named: true, count: 2, turn: true } as const, resume(0)],
    ],
  },
  {
    claim: 'a drain waits for no stream that was cut as too slow',
    setup: {
      ...BASE,
      replay: 'unknown',
      onSlow: 'disconnect',
      backfill: false,
      maxLogBytes: 12_288,
      eager: true,
    },
    steps: [join, advance(40_000), emit(0, 5_000, 5_000), { do: 'drain', drainMs: 0, looks: [] }],
  },
  {
    claim: 'the place of what was published in a rest may be forgotten, and that is told',
    setup: { ...BASE, backfill: false, retainAgeMs: 1_500 },
    steps: [
      ...[join, advance(50), emit(0), advance(1), { do: 'rest', cut: true } as const],
      ...[{ do: 'publish', named: false, count: 1, turn: false } as const, advance(8_000), resume(0)],
    ],
  },
  {
    claim: 'what is published behind a break stands behind what the break hides',
    setup: { ...BASE, replay: 'proven', maxAgeMs: 8_000 },
    steps: [
      ...[join, advance(1_000), emit(0), cut, emit(900), { do: 'restart-ids' } as const],
      ...[join, advance(40_000), { do: 'publish', named: false, count: 1, turn: false } as const],
    ],
  },
];
