/**
 * Waiting in tests: a condition, what it is called, and a deadline in real time that turns a hang into a diagnosis.
 * It refuses to sleep: a wait ends when something happens. The deadline only bounds a failure.
 */

/** How long a wait may take before it counts as failed, in ms; `TEST_DEADLINE_MS` raises it on a slow machine. */
export const DEADLINE_MS = Number(process.env['TEST_DEADLINE_MS'] ?? 10_000);

/** How often `until` looks, in ms, after a first round of turns of the event loop. */
const LOOK_AGAIN_MS = 5;

interface Waiting {
  readonly condition: () => boolean;
  readonly done: () => void;
  readonly fail: (why: string) => void;
}

/** The waits on one object: it calls `check` whenever something about it changed, `over` when nothing will any more. */
export class Waits {
  readonly #seen: () => string;
  readonly #waiting = new Set<Waiting>();
  #over: string | undefined;

  /** `seen` describes the state of the object for the message of a failed wait. */
  constructor(seen: () => string) {
    this.#seen = seen;
  }

  /**
   * Resolves when `condition` holds. Rejects after `deadlineMs`, or once the object is over, with `what` was waited
   * for and what was seen; the stack is that of the caller.
   */
  until(condition: () => boolean, what: string, deadlineMs = DEADLINE_MS): Promise<void> {
    const error = new Error(what);
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        this.#waiting.delete(waiting);
      };
      const waiting: Waiting = {
        condition,
        done() {
          stop();
          resolve();
        },
        fail: (why) => {
          stop();
          reject(retold(error, `${why} while waiting for ${what}; seen: ${this.#seen()}`));
        },
      };
      const timer = setTimeout(() => waiting.fail(`${deadlineMs} ms passed`), deadlineMs);
      this.#waiting.add(waiting);
      this.#look(waiting);
    });
  }

  /** Looks at every condition; call it after a change. */
  check(): void {
    for (const waiting of this.#waiting) this.#look(waiting);
  }

  /** Nothing will change any more, because of `why`: what does not hold by now is rejected, now and later. */
  over(why: string): void {
    this.#over ??= why;
    this.check();
  }

  #look(waiting: Waiting): void {
    let holds: boolean;
    try {
      holds = waiting.condition();
    } catch (error) {
      waiting.fail(`the condition threw ${String(error)}`);
      return;
    }
    if (holds) waiting.done();
    else if (this.#over !== undefined) waiting.fail(this.#over);
  }
}

/**
 * Resolves when `condition` holds, for state that announces no change. Looks once per turn of the event loop at first,
 * then every 5 ms; rejects after `deadlineMs` with what `describe` says.
 */
export async function until(
  condition: () => boolean,
  describe: () => string,
  deadlineMs = DEADLINE_MS,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  for (let looks = 0; !condition(); looks += 1) {
    if (performance.now() > deadline) throw new Error(`${deadlineMs} ms passed; ${describe()}`);
    if (looks < 50) await new Promise((resolve) => setImmediate(resolve));
    else await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

/** The same error with another message; V8 froze the first line of `stack` when the error was made. */
function retold(error: Error, message: string): Error {
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  error.message = message;
  error.stack = [`Error: ${message}`, ...frames].join('\n');
  return error;
}
