/**
 * Programs that nobody here wrote, as child processes: what they print, and how they end. It refuses shells, and leaves
 * none of them behind: they are killed with the test.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { Waits } from '../helpers/waits.js';

export interface ProgramOptions {
  /** Gets standard output as it comes. */
  readonly onOutput?: (bytes: Buffer) => void;
  /** Written to standard input, which is then closed. */
  readonly input?: string;
}

export class Program {
  /** What it printed on standard error and, without `onOutput`, on standard output. */
  output = '';
  /** Undefined while it runs; null when a signal ended it. */
  exitCode: number | null | undefined;
  readonly #child: ChildProcess;
  readonly #waits = new Waits(() => this.output.slice(-2_000) || 'no output');

  constructor(t: Test, path: string, args: readonly string[], { onOutput, input }: ProgramOptions = {}) {
    const child = spawn(path, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    const exited = new Promise<void>((resolve) => {
      child
        .on('error', (error) => {
          this.output += error.message;
        })
        .on('close', (code) => {
          this.exitCode = code;
          resolve();
          this.#waits.over(`the program ended (code ${code})`);
        });
    });
    const collect = (bytes: Buffer): void => {
      this.output += bytes.toString();
      this.#waits.check();
    };
    child.stdout?.on('data', onOutput ?? collect);
    child.stderr?.on('data', collect);
    child.stdin?.on('error', () => undefined).end(input);
    t.teardown(() => {
      this.stop();
      return exited;
    });
  }

  /** Resolves when what it printed matches. */
  waitForOutput(pattern: RegExp, deadlineMs?: number): Promise<void> {
    return this.#waits.until(() => pattern.test(this.output), `output like ${pattern}`, deadlineMs);
  }

  /** Resolves with the exit code. */
  async waitForExit(deadlineMs?: number): Promise<number | null> {
    await this.#waits.until(() => this.exitCode !== undefined, 'the program to end', deadlineMs);
    return this.exitCode!;
  }

  /** SIGTERM: a master process takes its workers along. */
  stop(): void {
    this.#child.kill();
  }
}

/** An empty folder that goes with the test. */
export function temporaryFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'sse-gateway-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
