/**
 * All clients of the process: brings them in at a bounded pace, knows how far the last of them is, lets them go. Their
 * sources are spread over 127.0.0.0/8, since one address has too few ports for ten thousand connections in a row.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { idOf } from '../wire/event.js';
import { Connection, type Role } from './connection.js';
import { Findings, type FindingsReport } from './findings.js';
import { Reference } from './reference.js';
import { StreamChecker } from './stream-checker.js';

export interface Enter {
  readonly port: number;
  readonly path: string;
  readonly count: number;
  /** Default reading. */
  readonly role?: Role;
  /** Connections on their way at once. Default 100. */
  readonly atOnce?: number;
  /** Between two of them in a row. Default 0. */
  readonly pauseMs?: number;
}

export interface CrowdReport extends FindingsReport {
  readonly connections: number;
  /** Connections that the server, or an error, has ended. */
  readonly lost: number;
  readonly lastError: string;
}

const SOURCES = 32;

export class Crowd {
  readonly findings = new Findings();
  readonly #reference = new Reference();
  readonly #open = new Map<Connection, Role>();
  readonly #leaving = new Set<Connection>();
  #entered = 0;
  #lost = 0;
  #lastError = '';

  /** Resolves when each has its head. @throws Error when one got another status than 200 or no answer */
  async enter(options: Enter): Promise<void> {
    let left = options.count;
    const lane = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await this.#connect(options);
        if (options.pauseMs !== undefined) await sleep(options.pauseMs);
      }
    };
    await Promise.all(Array.from({ length: Math.min(options.atOnce ?? 100, left) }, lane));
  }

  #connect({ port, path, role = 'reading' }: Enter, next = -1): Promise<void> {
    const localAddress = `127.0.0.${1 + (this.#entered++ % SOURCES)}`;
    const lastEventId = next > 0 ? { lastEventId: idOf(next - 1) } : {};
    return new Promise((resolve, reject) => {
      const connection = new Connection(
        { port, path, localAddress, role, ...lastEventId },
        new StreamChecker(this.#reference, this.findings, next),
        (status) => {
          if (status === 200 || role === 'stalled') resolve();
          else reject(new Error(`a client got status ${status}`));
        },
        (closed, error) => {
          this.#open.delete(closed);
          if (!this.#leaving.delete(closed)) {
            this.#lost += 1;
            this.#lastError = error?.message ?? 'ended by the server';
          }
          reject(new Error(`a client got no answer: ${this.#lastError}`));
        },
      );
      this.#open.set(connection, role);
    });
  }

  /** Whether every reading client has the event. */
  everybodyHas(seq: number): boolean {
    for (const [{ checker }, role] of this.#open) if (role === 'reading' && checker.next <= seq) return false;
    return true;
  }

  /** The oldest `count` clients, of one role or any, are cut; all without a number. */
  leave(count = this.#open.size, role?: Role): void {
    let left = count;
    for (const [connection, its] of this.#open) {
      if (role !== undefined && its !== role) continue;
      if (left-- <= 0) return;
      this.#cut(connection);
    }
  }

  /** Cut within an event is no finding: the client does it to itself. */
  #cut(connection: Connection): void {
    this.#leaving.add(connection);
    this.#open.delete(connection);
    connection.checker.forgive();
    connection.destroy();
  }

  /** The oldest `count` reading clients are cut and come back with the id of their last event; resolves when all are in. */
  async comeBack(options: Enter): Promise<void> {
    const chosen = [...this.#open].filter(([, role]) => role === 'reading').slice(0, options.count);
    const returns = chosen.map(([connection]) => connection.checker.next);
    for (const [connection] of chosen) this.#cut(connection);
    const lane = async (): Promise<void> => {
      for (let next = returns.pop(); next !== undefined; next = returns.pop())
        await this.#connect(options, next);
    };
    await Promise.all(Array.from({ length: options.atOnce ?? 100 }, lane));
  }

  report(): CrowdReport {
    return {
      ...this.findings.report(),
      connections: this.#open.size,
      lost: this.#lost,
      lastError: this.#lastError,
    };
  }
}
