/** The signals that stop a command: the first asks it to, the second doesn't ask. */

const CODES = { SIGINT: 130, SIGTERM: 143 } as const;
export type StopSignal = keyof typeof CODES;

/** `npm start` passes on the Ctrl-C that the terminal has sent to us as well: so soon after the first it is the same. */
const SAME_MS = 200;

/**
 * Calls `stop` once, at the first SIGINT or SIGTERM. The next one ends the process there and then, with the exit code
 * by which shells tell the signal.
 */
export function onStopSignal(stop: (signal: StopSignal) => void): void {
  let firstAt: number | undefined;
  for (const signal of Object.keys(CODES) as StopSignal[]) {
    process.on(signal, () => {
      const now = performance.now();
      if (firstAt === undefined) {
        firstAt = now;
        stop(signal);
      } else if (now - firstAt > SAME_MS) {
        process.exit(CODES[signal]);
      }
    });
  }
}
