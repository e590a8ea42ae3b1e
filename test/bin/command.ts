/** The command as the tests start it: compiled, in a process of its own, with a clean environment. */
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { NodeProcess } from '../helpers/process.js';

export const COMMAND = fileURLToPath(new URL('../../bin/sse-gateway.js', import.meta.url));

/** What of our own environment the command must not see. */
const UNSET = { HOST: undefined, PORT: undefined, FORCE_COLOR: undefined };

export function command(
  t: Test,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): NodeProcess {
  const child = new NodeProcess(COMMAND, { args, env: { ...UNSET, ...env } });
  t.teardown(() => child.stop());
  return child;
}

/** The port that a command which serves says it listens on, by its log or the demo's list. */
export async function portOf(child: NodeProcess): Promise<number> {
  const [, port] = await child.waitForLine(/http:\/\/[^/ ]*:(\d+)/);
  return Number(port);
}
