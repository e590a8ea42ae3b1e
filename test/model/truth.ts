/**
 * What an upstream really said, in order: every event has a number of its own, which is its payload, so that a stream
 * can be held against it. It refuses to know connections.
 */

/** How the upstream names its events. */
export type Naming = 'every' | 'some' | 'repeated';

/** One block on the wire: an event (`n` from 1), or an id alone (`n` undefined). */
export interface Item {
  readonly n: number | undefined;
  /** Undefined: no id field; '' resets the last event id. */
  readonly id: string | undefined;
  readonly block: Buffer;
}

/** How one block is to look; bits of a small number that a generator draws. */
export interface Look {
  /** In `some`: 0 an id, 1 none, 2 none and behind it an id alone, 3 the empty id. */
  readonly name: number;
  readonly padding: number;
  /** 0 plain, 1 with an event type, 2 comment and `retry:` before it, 3 bytes that are no UTF-8, 4 CRLF. */
  readonly spelling: number;
}

export class Truth {
  readonly items: Item[] = [];
  readonly #naming: Naming;
  #events = 0;
  /** Names given since the last restart of the ids. */
  #named = 0;
  readonly #timesNamed = new Map<string, number>();

  constructor(naming: Naming) {
    this.#naming = naming;
  }

  /** Number of the newest event. */
  get newest(): number {
    return this.#events;
  }

  /** Items since the ids began anew: all that the upstream still knows. */
  generation = 0;

  /** How many events, or blocks of an id alone, have that id. */
  timesNamed(id: string): number {
    return this.#timesNamed.get(id) ?? 0;
  }

  restartIds(): void {
    this.#named = 0;
    this.generation = this.items.length;
  }

  add(look: Look): Item[] {
    const name = this.#naming === 'some' ? look.name : 0;
    const added: Item[] = [];
    this.#events += 1;
    const id = name === 0 ? this.#name() : name === 3 ? '' : undefined;
    added.push({ n: this.#events, id, block: this.#block(this.#events, id, look) });
    if (name === 2) {
      const alone = this.#name();
      added.push({ n: undefined, id: alone, block: Buffer.from(`id: ${alone}\n\n`) });
    }
    this.items.push(...added);
    return added;
  }

  #name(): string {
    this.#named += 1;
    const id = this.#naming === 'repeated' ? `e${this.#named % 3}` : `e${this.#named}`;
    this.#timesNamed.set(id, (this.#timesNamed.get(id) ?? 0) + 1);
    return id;
  }

  #block(n: number, id: string | undefined, { padding, spelling }: Look): Buffer {
    const lines = [
      ...(spelling === 2 ? [': a comment', 'retry: 100'] : []),
      ...(id === undefined ? [] : [`id: ${id}`]),
      ...(spelling === 1 ? ['event: tick'] : []),
      `data: ${n}${spelling === 3 ? ' \xff\xfe' : ''} ${'.'.repeat(padding)}`,
    ];
    // Lone CRs at the end of a chunk leave open whether a block is over: only where nobody counts on it.
    const end = spelling === 4 && this.#naming !== 'every' ? '\r\n' : '\n';
    return Buffer.from(lines.join(end) + end + end, 'latin1');
  }
}
