/**
 * Waiting for what another program says when asked over HTTP: it announces nothing, so it is asked again. It refuses to
 * sleep for a result: the first answer that will do ends the wait, and the deadline only bounds a failure.
 */
const ASK_AGAIN_MS = 100;

/** Resolves with the first answer of `ask` that is not undefined; rejects after `deadlineMs` with what it threw last. */
export async function poll<T>(
  ask: () => Promise<T | undefined>,
  what: string,
  deadlineMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  let cause: unknown;
  while (performance.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      cause = error;
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
  throw new Error(`${deadlineMs} ms passed while asking for ${what}`, { cause });
}
