/**
 * Node processes as tests see them: lines they print, signals they get, how they exit; and what the machine has to offer.
 * It refuses shells.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Waits } from './waits.js';

export interface SpawnOptions {
  readonly args?: readonly string[];
  /** Added to our environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Arguments for node itself, in front of the file. */
  readonly nodeArgs?: readonly string[];
}

export interface Exit {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class NodeProcess {
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];
  /** Resolves when it has exited and its output is complete. Never rejects. */
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #waits = new Waits(
    () => [...this.stdout.slice(-20), ...this.stderr.slice(-20)].join('\n') || 'no output',
  );
  #exit: Exit | undefined;

  /** Starts `node <file> <args>`. */
  constructor(file: string, options: SpawnOptions = {}) {
    const { args = [], env = {}, nodeArgs = [] } = options;
    this.#child = spawn(process.execPath, [...nodeArgs, file, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    this.#collect(this.#child.stdout!, this.stdout);
    this.#collect(this.#child.stderr!, this.stderr);
    this.exited = new Promise((resolve) => {
      this.#child
        .on('error', () => undefined)
        .on('close', (code, signal) => {
          this.#exit = { code, signal };
          resolve(this.#exit);
          this.#waits.over(`the process ended (code ${code}, signal ${signal})`);
        });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Undefined while it runs. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** Resolves with the match of the first line, of either stream and past ones included, that `pattern` matches. */
  async waitForLine(pattern: RegExp, deadlineMs?: number): Promise<RegExpExecArray> {
    let match: RegExpExecArray | null = null;
    const find = () => {
      for (const line of [...this.stdout, ...this.stderr]) {
        pattern.lastIndex = 0;
        match = pattern.exec(line);
        if (match !== null) return true;
      }
      return false;
    };
    await this.#waits.until(find, `a line like ${pattern}`, deadlineMs);
    return match!;
  }

  /** `exited` with a deadline that rejects with its last lines. */
  async waitForExit(deadlineMs?: number): Promise<Exit> {
    await this.#waits.until(() => this.#exit !== undefined, 'the process to end', deadlineMs);
    return this.#exit!;
  }

  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    this.#child.kill(signal);
  }

  /** Makes sure that it is gone; for teardown. */
  stop(): Promise<Exit> {
    this.kill('SIGKILL');
    return this.exited;
  }

  #collect(stream: Readable, lines: string[]): void {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      this.#waits.check();
    });
  }
}

/** What `requireBinary` needs of a tap test. */
interface Skippable {
  plan(count: number, reason: string): void;
}

/**
 * The path of a program that a test needs (searched in PATH, or itself a path). Missing, the test is skipped with the
 * reason and the caller returns; with CI=true it is an error, so that nothing is skipped unseen.
 */
export function requireBinary(t: Skippable, name: string): string | undefined {
  const folders = name.includes('/') ? [''] : (process.env['PATH'] ?? '').split(delimiter);
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (found !== undefined) return found;
  if (process.env['CI'] === 'true') throw new Error(`${name} is not installed, and CI skips no test`);
  t.plan(0, `${name} is not installed`);
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A TCP port of 127.0.0.1 that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
