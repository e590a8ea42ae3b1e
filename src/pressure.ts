/**
 * What becomes of a gateway whose logs hold more than they may, although all that may be shed is: slow clients then keep
 * it, and the holders of the oldest slabs are closed, of private logs first, then of the channels above their share. While
 * it lasts, newcomers are to be refused. It refuses to count bytes: that is the budget's.
 */
import type { Clock, Timer } from './clock.js';
import { LogBudget } from './log/budget.js';
import type { EventLog } from './log/event-log.js';

/** A channel as seen from here. */
export interface Pressed {
  readonly log: EventLog;
  readonly subscribers: {
    /** Both close holders of trimmed slabs, and return how many bytes that frees now or soon. */
    evictPrivate(bytes: number): number;
    evictHolders(bytes: number): number;
  };
}

export class Pressure {
  readonly budget: LogBudget;
  readonly #clock: Clock;
  readonly #channels: () => Iterable<Pressed>;
  #due: Timer | undefined;

  /** @param maxBytes of all logs together */
  constructor(maxBytes: number, clock: Clock, channels: () => Iterable<Pressed>) {
    this.#clock = clock;
    this.#channels = channels;
    this.budget = new LogBudget(maxBytes, () => this.#exceeded());
  }

  /** Nobody more may come in. */
  get refusing(): boolean {
    return this.budget.exceeded;
  }

  /** Closes as many holders as it takes. Those closed before, whose sockets have not let go yet, are counted as gone. */
  relieve(): void {
    const { budget } = this;
    let excess = budget.usedBytes - budget.maxBytes;
    if (excess <= 0) return;
    const channels = [...this.#channels()];
    for (const { subscribers } of channels) {
      if (excess > 0) excess -= subscribers.evictPrivate(excess);
    }
    channels.sort((a, b) => b.log.pinnedBytes - a.log.pinnedBytes);
    for (const { log, subscribers } of channels) {
      const above = log.heldBytes - budget.shareBytes;
      if (excess > 0 && above > 0) excess -= subscribers.evictHolders(Math.min(excess, above));
    }
  }

  stop(): void {
    this.#due?.cancel();
  }

  /** Within an append nobody may be closed: the events are not offered yet. */
  #exceeded(): void {
    this.#due ??= this.#clock.turn(() => {
      this.#due = undefined;
      this.relieve();
    });
  }
}
