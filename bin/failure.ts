/**
 * What goes wrong before anything runs, in words for a terminal: one line and an exit code. It refuses stacks, except
 * for what nobody foresaw.
 */
import { GatewayError } from '../src/index.js';

/** The command was asked for in a way that it doesn't know. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command was understood and can't be done. Exit code 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** What to print on stderr, without the line end, and the exit code. */
export function describeFailure(error: unknown): { readonly text: string; readonly exitCode: number } {
  if (error instanceof UsageError) {
    return { text: `sse-gateway: ${error.message}\nTry sse-gateway --help.`, exitCode: 2 };
  }
  if (error instanceof CommandError) return { text: `sse-gateway: ${error.message}`, exitCode: 1 };
  // Its message begins with the name already.
  if (error instanceof GatewayError) return { text: error.message, exitCode: 1 };
  return { text: error instanceof Error ? (error.stack ?? error.message) : String(error), exitCode: 1 };
}
