/**
 * A limit for what a test awaits. Real time is nothing but that limit: it passes only when something never comes.
 */

const PATIENCE_MS = 10_000;

/** The promise, or an error that says what is missing. */
export async function within<T>(promise: Promise<T>, missing: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(missing())), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
