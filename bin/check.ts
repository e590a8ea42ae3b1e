/** `sse-gateway check FILE`: validates a config file and says what in it is not wise. */
import type { CheckInvocation } from './args.js';
import { loadConfig } from './config.js';
import { findings } from './findings.js';
import { paintFor } from './terminal.js';

/** Resolves with 0, or with 1 for warnings when `strict`. @throws CommandError for an invalid file */
export async function check({ file, strict }: CheckInvocation): Promise<number> {
  const paint = paintFor(process.stdout);
  const { resolved, listen } = loadConfig(file);
  const found = findings(resolved, listen.host);
  const count = Object.keys(resolved.channels).length;
  const lines = found.map(
    ({ level, path, message }) =>
      `${paint(level === 'warning' ? 'yellow' : 'cyan', level)}: ${path}: ${message}\n`,
  );
  process.stdout.write(`${file}: ok, ${count} ${count === 1 ? 'channel' : 'channels'}\n${lines.join('')}`);
  return strict && found.some(({ level }) => level === 'warning') ? 1 : 0;
}
