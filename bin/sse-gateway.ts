#!/usr/bin/env node
/**
 * The `sse-gateway` command: what was asked for is found out, done, and told by the exit code: 0 done, 1 failed, 2 asked
 * for wrongly, 130 and 143 stopped by a second signal. It refuses to do anything itself; each command is a file.
 */
import { type Invocation, readArguments } from './args.js';
import { describeFailure } from './failure.js';
import { USAGE } from './usage.js';

/** Runs the command; resolves with its exit code when there is nothing left to do but to end. */
async function run(asked: Invocation): Promise<number> {
  // A command loads what it needs and nothing else: `--help` and `tail` need no server.
  switch (asked.command) {
    case 'help':
      process.stdout.write(USAGE);
      return 0;
    case 'version':
      process.stdout.write(`${(await import('./version.js')).version()}\n`);
      return 0;
    case 'check':
      return (await import('./check.js')).check(asked);
    case 'tail':
      return (await import('./tail.js')).tail(asked);
    case 'demo':
      return (await import('./demo.js')).demo(asked, process.env);
    case 'serve':
      return (await import('./serve.js')).serve(asked, process.env);
  }
}

// Whoever read our output has seen enough (`| head`): that is no failure, and nothing can be written any more.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

try {
  const asked = readArguments(process.argv.slice(2));
  run(asked).then((code) => {
    // Not `process.exit`: what has been written still has to be flushed.
    process.exitCode = code;
  }, fail);
} catch (error) {
  fail(error);
}

/** A command rejects only before it has served anything, so ending at once cuts nothing off. */
function fail(error: unknown): void {
  const { text, exitCode } = describeFailure(error);
  process.stderr.write(`${text}\n`);
  process.exit(exitCode);
}
