/**
 * What a fault of the chaos matrix is: something that goes wrong, the promise that holds meanwhile, and a run that injects
 * the one and checks the other over real sockets or processes. Types only.
 */
import type { Random } from '../../src/clock.js';

export interface Fault {
  /** Stable, `<area>: <what goes wrong>`; `npm run chaos -- --only` looks for a part of it. */
  readonly name: string;
  /** What holds while it does, in the words of `docs/reliability.md`. */
  readonly promise: string;
  /** How often it is run, with another seed each time. Default once. */
  readonly runs?: { readonly short: number; readonly full: number };
  /** The longest one run may take, ms. Default 60,000 short, 600,000 full. */
  readonly limitMs?: { readonly short: number; readonly full: number };
  /** Why it can't be run here; undefined: it can. In CI a reason is an error. */
  readonly missing?: () => string | undefined;
  /** @throws (an assertion) when the promise does not hold */
  readonly run: (scene: Scene) => Promise<Outcome>;
}

/** What a run is given. */
export interface Scene {
  /** What the run draws from; the seed is told when it fails. */
  readonly seed: number;
  readonly random: Random;
  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number;
  /** The long form, as the promise is meant; otherwise one of seconds. */
  readonly full: boolean;
  /** Called when the run is over, the last registered first. */
  teardown(undo: () => unknown): void;
  /** A word on how far a long run is. */
  progress(word: string): void;
}

/** What clients saw, summed over all of them. Figures that a fault has nothing to say about stay out. */
export interface Outcome {
  /** Events that a client missed and was not told of. */
  readonly lost?: number;
  /** Events that came twice unannounced. */
  readonly duplicated?: number;
  /** Gaps and ends that clients were told. */
  readonly announced?: number;
  /** Growth of the gateway's resident memory, bytes, where the fault is about memory. */
  readonly memoryBytes?: number;
  /** Other figures worth a line: what was seen, against which limit. */
  readonly seen?: string;
}
