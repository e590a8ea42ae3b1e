/**
 * Who wants a channel's upstream open: subscribers and those about to become one. It opens with the first and closes a
 * while after the last; it refuses to know what is opened.
 */
import type { Clock, Timer } from './clock.js';

export interface DemandOptions {
  readonly clock: Clock;
  /** How long after the last release `close` is called, ms. */
  readonly lingerMs: number;
  /** Never close, and count as wanted from the start. */
  readonly always: boolean;
  readonly open: () => void;
  readonly close: () => void;
}

export class Demand {
  readonly #options: DemandOptions;
  #holders = 0;
  #linger: Timer | undefined;
  #ended = false;

  constructor(options: DemandOptions) {
    this.#options = options;
  }

  /** Claims taken and not given back. */
  get holders(): number {
    return this.#holders;
  }

  /** Somebody wants it now. */
  get held(): boolean {
    return this.#holders > 0 || this.#options.always;
  }

  /** Somebody wants it, or it lingers for those who may come back. */
  get wanted(): boolean {
    return this.held || this.#linger !== undefined;
  }

  /**
   * One more holder. Each asks for it to be opened, which does nothing where it is open already: one that failed may try
   * again for a newcomer. The function returned gives the claim back, once.
   */
  take(): () => void {
    this.#holders += 1;
    this.#linger?.cancel();
    this.#linger = undefined;
    if (!this.#ended) this.#options.open();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holders -= 1;
      if (this.#holders === 0 && !this.#options.always && !this.#ended) this.#startLinger();
    };
  }

  /** No linger any more: nothing opens or closes from here on. */
  end(): void {
    this.#ended = true;
    this.#linger?.cancel();
    this.#linger = undefined;
  }

  #startLinger(): void {
    const { clock, lingerMs, close } = this.#options;
    this.#linger = clock.after(lingerMs, () => {
      this.#linger = undefined;
      close();
    });
  }
}
