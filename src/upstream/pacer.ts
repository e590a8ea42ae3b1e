/**
 * How fast one origin may be asked for connections, over all sources together: within any second at most `perSecond`, and
 * within any tenth of it at most a tenth of them, so that those who lost it together do not all come back in its first
 * moment. The rest waits in the order of asking. It refuses to open connections and to limit how many are open.
 */
import { type Clock, systemClock, type Timer } from '../clock.js';

const SECOND_MS = 1_000;
const TENTH_MS = 100;

/** One origin: a ring of the last connects, and who waits. Origins come from the configuration, so they are few and stay. */
interface Lane {
  /** Times of the last connects, at most `perSecond`; `oldest` is the index that is overwritten next. */
  readonly times: number[];
  oldest: number;
  /** In order of asking. */
  readonly waiting: Set<() => void>;
  timer: Timer | undefined;
}

export class Pacer {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #perTenth: number;
  readonly #lanes = new Map<string, Lane>();

  /** `perSecond`: connects per second and origin, an integer from 1. Default 100. */
  constructor(clock: Clock = systemClock, perSecond = 100) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#perTenth = Math.ceil(perSecond / 10);
  }

  /** Takes a slot if one is free and nobody waits for it; otherwise false, and `wait` is the way. */
  take(origin: string): boolean {
    const lane = this.#lane(origin);
    if (lane.waiting.size > 0 || this.#freeAt(lane) > this.#clock.now()) return false;
    this.#book(lane);
    return true;
  }

  /** Calls `go` once when it has a slot, never within this call. Cancelling gives the place in the queue to the next. */
  wait(origin: string, go: () => void): Timer {
    const lane = this.#lane(origin);
    // A function of its own, so that the same `go` may wait twice.
    const entry = () => go();
    lane.waiting.add(entry);
    this.#schedule(lane);
    return {
      cancel: () => {
        if (lane.waiting.delete(entry) && lane.waiting.size === 0) this.#idle(lane);
      },
    };
  }

  #lane(origin: string): Lane {
    let lane = this.#lanes.get(origin);
    if (lane === undefined) {
      lane = { times: [], oldest: 0, waiting: new Set(), timer: undefined };
      this.#lanes.set(origin, lane);
    }
    return lane;
  }

  /** When the next slot is free: a second after the connect that is `perSecond` connects back, and so for the tenth. */
  #freeAt(lane: Lane): number {
    const second = this.#back(lane, this.#perSecond) + SECOND_MS;
    return Math.max(second, this.#back(lane, this.#perTenth) + TENTH_MS);
  }

  /** Time of the connect that is so many connects back; −Infinity: there was none. */
  #back({ times, oldest }: Lane, connects: number): number {
    return times[(oldest - connects + this.#perSecond) % this.#perSecond] ?? Number.NEGATIVE_INFINITY;
  }

  #book(lane: Lane): void {
    lane.times[lane.oldest] = this.#clock.now();
    lane.oldest = (lane.oldest + 1) % this.#perSecond;
  }

  #schedule(lane: Lane): void {
    if (lane.timer !== undefined) return;
    const freeAt = this.#freeAt(lane);
    lane.timer = this.#clock.after(freeAt - this.#clock.now(), () => this.#admit(lane));
  }

  #admit(lane: Lane): void {
    lane.timer = undefined;
    for (const entry of lane.waiting) {
      if (this.#freeAt(lane) > this.#clock.now()) {
        this.#schedule(lane);
        return;
      }
      lane.waiting.delete(entry);
      this.#book(lane);
      entry();
    }
  }

  #idle(lane: Lane): void {
    lane.timer?.cancel();
    lane.timer = undefined;
  }
}
