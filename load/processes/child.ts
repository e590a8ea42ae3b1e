/**
 * A process of a load run as the runner sees it: started on one core, asked questions, killed. Questions and answers go
 * over Node's IPC channel, so that they disturb neither its sockets nor its output.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Files are named as they lie under `load/`, without extension. */
const fileOf = (name: string): string => fileURLToPath(new URL(`../${name}.js`, import.meta.url));
const TASKSET = ['/usr/bin/taskset', '/bin/taskset'].find((path) => existsSync(path));

const CORES = availableParallelism();
const KILL_AFTER_MS = 2_000;

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

export class Child {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #open = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #id = 0;
  #output = '';
  #killed = false;

  /** Starts `load/<name>` on a core; where `taskset` is missing, anywhere. */
  constructor(name: string, core: number, args: unknown = {}, nodeArgs: readonly string[] = []) {
    this.name = name;
    const command = [process.execPath, ...nodeArgs, fileOf(name), JSON.stringify(args)];
    const pinned = TASKSET === undefined ? command : [TASKSET, '-c', String(core % CORES), ...command];
    this.#process = spawn(pinned[0]!, pinned.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, NODE_ENV: 'production' },
    });
    for (const stream of [this.#process.stdout!, this.#process.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-4_000);
      });
    }
    this.#process.on('message', (message) => this.#answered(message as Answer));
    this.#process.on('error', (error) => this.#over(error.message));
    this.#process.on('close', (code, signal) => this.#over(`ended (code ${code}, signal ${signal})`));
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** Asks and waits. @throws Error with the process's own message, or when it ended, or after `timeoutMs` */
  ask<T>(method: string, params: unknown = {}, timeoutMs = 120_000): Promise<T> {
    return new Promise<unknown>((resolve, reject) => {
      this.#id += 1;
      const id = this.#id;
      const timer = setTimeout(() => {
        this.#open.delete(id);
        reject(new Error(`${this.name}: no answer to ${method} within ${timeoutMs} ms`));
      }, timeoutMs);
      const settle = (): void => {
        clearTimeout(timer);
        this.#open.delete(id);
      };
      this.#open.set(id, {
        resolve: (value) => {
          settle();
          resolve(value);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      if (!this.#process.connected) return this.#over('not running');
      this.#process.send({ id, method, params });
    }) as Promise<T>;
  }

  /** Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#killed = true;
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#process.once('close', resolve));
    // Politely first: one that has children of its own takes them along.
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), KILL_AFTER_MS);
    await gone;
    clearTimeout(timer);
  }

  #answered({ id, result, error }: Answer): void {
    const asked = this.#open.get(id);
    if (error === undefined) asked?.resolve(result);
    else asked?.reject(new Error(`${this.name}: ${error}`));
  }

  #over(why: string): void {
    const output = this.#killed ? '' : `\n${this.#output}`;
    for (const { reject } of [...this.#open.values()]) reject(new Error(`${this.name}: ${why}${output}`));
  }
}
