/**
 * What the options promise, given how the upstream behaves:
 *
 *   replay     upstream that           promised
 *   unknown    does anything           every hole is told; so is every reconnect
 *   false      does anything           the same
 *   proven     does anything           every hole is told; a reconnect that brings the last event back is not. Out: the order
 *                                      within a replay; private requests to an upstream that has less than all behind an id
 *                                      (a short history), or that replayed at its last reconnect and does not now
 *   true       replays truly, unique   no hole, and nothing is told at a reconnect that had an id to ask with and no event
 *              ids                     without id behind it
 *   true       repeats more than was   the same at reconnects, if every event has an id. Out: events that the gateway never
 *              asked for               had; a first connection behind a client's id, and private requests, which begin where
 *                                      the upstream says they do
 *   true       does anything else      out: the declaration is taken at its word
 *
 *   onGap silent                       out: nothing is told
 *   an id that several events carry    out: it stands for the newest of them
 *   an id nobody was given             out: there is no place it stands for
 *
 * Published events are part of the history that is told, at the place where they were published, as far as the log of this
 * life of the gateway goes. Out: those that a client would have got between events that the upstream is asked for privately.
 */
import type { Setup } from './plan.js';
import type { ModelSource } from './source.js';

/** What happened in a run that a promise depends on. */
export interface Facts {
  /** The upstream began its ids anew. */
  readonly restarted: boolean;
  /** Somebody came with an id that nobody was given. */
  readonly forged: boolean;
  /** A first connection was made behind a client's id. */
  readonly seeded: boolean;
  /** There are events that the gateway never had. */
  readonly missed: boolean;
  /** Private requests ended by themselves. */
  readonly privateFaults: number;
}

/** What is known of the id that a client came with. */
export interface Asked {
  /** It stands for no event, or for several. */
  readonly nowhere: boolean;
  readonly minted: boolean;
  /** It was not in the log, and might have arrived or been asked for. */
  readonly pending: boolean;
}

export class Promised {
  readonly #setup: Setup;
  readonly #facts: () => Facts;

  constructor(setup: Setup, facts: () => Facts) {
    this.#setup = setup;
    this.#facts = facts;
  }

  /** The upstream leaves its order. */
  get disordered(): boolean {
    return this.#setup.policy === 'shuffled';
  }

  /** Some id stands for two events. */
  get mixedIds(): boolean {
    return this.#facts().restarted || this.#setup.naming === 'repeated';
  }

  /** Holes and repeats are told to a client. */
  told({ pending }: Asked): boolean {
    const { replay, policy, onGap, naming, backfill } = this.#setup;
    if (onGap === 'silent' || (pending && this.mixedIds)) return false;
    if (replay === 'unknown' || replay === false) return true;
    const unsteady = policy === 'fickle' || policy === 'too-little';
    if (replay === 'proven') return policy !== 'shuffled' && !(unsteady && backfill);
    if (this.mixedIds) return false;
    if (policy === 'truly') return true;
    const repeats = policy === 'too-much' || policy === 'everything';
    const { seeded, missed } = this.#facts();
    return repeats && naming === 'every' && !backfill && !seeded && !missed;
  }

  /** A gap for this reason would be a false alarm, or is never told. */
  falseAlarm(reason: string, { nowhere, minted }: Asked): boolean {
    const { ids, backfill, refuses, replay, replayBytes, onGap } = this.#setup;
    if (onGap !== 'signal') return true;
    if (reason === 'epoch') return ids !== 'gateway' && !minted && !nowhere;
    if (reason !== 'unknown-id' || !this.#exact || nowhere) return false;
    const asks =
      backfill && replay === true && ids !== 'gateway' && refuses === 'never' && replayBytes > 100_000;
    return asks && this.#facts().privateFaults === 0 && !this.#facts().forged;
  }

  /** Most breaks that may be told to all. */
  breaks({ reconnects, unknowable, unprovable }: ModelSource): number {
    const { replay } = this.#setup;
    if (!this.#exact) return replay === true || replay === 'proven' ? Number.POSITIVE_INFINITY : reconnects;
    return unknowable + (replay === 'proven' ? unprovable : 0);
  }

  /** All that the upstream has can be had from it, and known to be all. */
  get #exact(): boolean {
    const { replay, policy, naming } = this.#setup;
    const asked = replay === true || replay === 'proven';
    return asked && policy === 'truly' && naming === 'every' && !this.mixedIds;
  }
}
