/**
 * An upstream that keeps or breaks its word: what it replays to whom, and when connections end. It refuses to know the
 * seam through which its bytes go (`source.ts`).
 */
import type { Clock, Random } from '../../src/clock.js';
import type { SourceFactory } from '../../src/source.js';
import type { Locals } from './locals.js';
import { ModelSource } from './source.js';
import type { Item, Look, Truth } from './truth.js';

/** What it sends first on a connection that asks with an id. */
export const POLICIES = [
  'truly',
  'nothing',
  'everything',
  'too-much',
  'too-little',
  'shuffled',
  'fickle',
] as const;
export type Policy = (typeof POLICIES)[number];

/** What a fickle one does, each time something else. */
const MOODS = ['truly', 'nothing', 'everything', 'too-much', 'too-little'] as const;

export interface UpstreamOptions {
  readonly policy: Policy;
  /** Refuses requests with an id it never gave, or with any id that a client named. */
  readonly refuses: 'never' | 'unknown' | 'clients';
  readonly sendsId: boolean;
}

/** `faults`: attempts fail and are repeated; `gone`: the next one fails for good. */
export type Down = 'no' | 'faults' | 'gone';

export class Upstream {
  readonly truth: Truth;
  /** What is published beside it. */
  readonly locals: Locals;
  readonly clock: Clock;
  readonly random: Random;
  readonly options: UpstreamOptions;
  readonly connections = new Set<ModelSource>();
  down: Down = 'no';
  /** A first connection was made behind a client's id. */
  seeded = false;
  /** There are events that the channel's own connections never brought. */
  missed = false;
  /** Private requests that ended other than by us. */
  privateFaults = 0;
  /** Pairs of events that a connection sent one behind the other though they are not neighbours. */
  readonly #neighbours = new Set<string>();

  constructor(truth: Truth, locals: Locals, clock: Clock, random: Random, options: UpstreamOptions) {
    this.truth = truth;
    this.locals = locals;
    this.clock = clock;
    this.random = random;
    this.options = options;
  }

  factory(own: boolean, made: (source: ModelSource) => void = () => {}): SourceFactory {
    return (inlet, observer) => {
      const source = new ModelSource(this, inlet, observer, own);
      made(source);
      return source;
    };
  }

  emit(looks: readonly Look[], hold: number): void {
    const items = looks.flatMap((look) => this.truth.add(look));
    // Who hears of it first is open: private requests may run ahead of the channel's own connection.
    const all = [...this.connections];
    if (this.random() < 0.5) all.reverse();
    for (const source of all) source.send(items, hold);
  }

  /** Ends connections: with a fragment of an event or clean. */
  cut(which: 'own' | 'private' | 'all', fragment: boolean): void {
    for (const source of [...this.connections]) {
      if (which === 'all' || (which === 'own') === source.own) source.cut(fragment);
    }
  }

  adjacent(a: number, b: number): boolean {
    return this.#neighbours.has(`${a}:${b}`);
  }

  note(a: number, b: number): void {
    if (b !== a + 1) this.#neighbours.add(`${a}:${b}`);
  }

  /** A connection without an id, behind that event, will not bring all. */
  missable(n: number): boolean {
    return this.options.policy !== 'everything' && this.truth.newest > n;
  }

  /** A connection that asks with `id` is certain to bring all that comes behind event `n`. */
  goesOn(id: string | undefined, n: number): boolean {
    if (id === undefined || this.options.policy !== 'truly') return false;
    const at = this.#find(id);
    const before = at < 0 ? this.truth.items : this.truth.items.slice(0, at + 1);
    return !before.some((item) => item.n !== undefined && item.n > n);
  }

  knows(id: string): boolean {
    return this.#find(id) >= 0;
  }

  /** What a connection that asks with `id` is sent first. */
  replay(id: string | undefined): Item[] {
    const policy = this.#policy();
    const { items, generation } = this.truth;
    const kept = items.slice(generation);
    if (policy === 'everything') return kept;
    const at = id === undefined ? -1 : this.#find(id);
    if (policy === 'nothing' || id === undefined || at < 0) return [];
    const behind = items.slice(at + 1);
    if (policy === 'truly') return behind;
    const some = 1 + Math.floor(this.random() * 3);
    if (policy === 'too-much') return items.slice(Math.max(generation, at + 1 - some));
    if (policy === 'too-little') return behind.slice(some);
    return behind
      .map((item) => ({ item, at: this.random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ item }) => item);
  }

  #policy(): Exclude<Policy, 'fickle'> {
    const { policy } = this.options;
    return policy === 'fickle' ? MOODS[Math.floor(this.random() * MOODS.length)]! : policy;
  }

  #find(id: string): number {
    const { items, generation } = this.truth;
    const at = items.findLastIndex((item) => item.id === id);
    return at >= generation ? at : -1;
  }
}
