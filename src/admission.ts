/**
 * Who may come in: limits on streams in all, per address, and on how fast they begin. A newcomer is refused, never an
 * incumbent. It refuses to know what a refusal looks like.
 */
import type { Clock } from './clock.js';

export interface Limits {
  /** Streams open at once. */
  readonly maxConnections: number;
  /** Streams open at once per client address. */
  readonly maxConnectionsPerIp: number;
  /** Streams that may begin per second; as many may begin at once after a quiet second. */
  readonly acceptsPerSecond: number;
}

/** A client by its address, which is read only where there is a limit for it: it costs a system call. */
export interface Addressed {
  readonly ip: string;
}

export type LimitReason = 'connection-limit' | 'ip-limit' | 'accept-rate';

export class Admission {
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #perIp = new Map<string, number>();
  #open = 0;
  /** Streams that may begin now, as of `#filledAt`. */
  #tokens: number;
  #filledAt: number;

  constructor(limits: Limits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#tokens = limits.acceptsPerSecond;
    this.#filledAt = clock.now();
  }

  /** Lets one in: a function to call once when it has left. Or says why not. */
  admit(client: Addressed): (() => void) | LimitReason {
    const { maxConnections, maxConnectionsPerIp } = this.#limits;
    if (this.#open >= maxConnections) return 'connection-limit';
    const ip = maxConnectionsPerIp === Number.POSITIVE_INFINITY ? undefined : client.ip;
    const same = ip === undefined ? 0 : (this.#perIp.get(ip) ?? 0);
    if (same >= maxConnectionsPerIp) return 'ip-limit';
    if (!this.#takeToken()) return 'accept-rate';
    this.#open += 1;
    if (ip !== undefined) this.#perIp.set(ip, same + 1);
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.#open -= 1;
      if (ip !== undefined) this.#leave(ip);
    };
  }

  #leave(ip: string): void {
    const left = this.#perIp.get(ip)! - 1;
    if (left === 0) this.#perIp.delete(ip);
    else this.#perIp.set(ip, left);
  }

  #takeToken(): boolean {
    const { acceptsPerSecond } = this.#limits;
    if (acceptsPerSecond === Number.POSITIVE_INFINITY) return true;
    const now = this.#clock.now();
    this.#tokens = Math.min(
      acceptsPerSecond,
      this.#tokens + ((now - this.#filledAt) * acceptsPerSecond) / 1_000,
    );
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
