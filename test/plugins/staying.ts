/** Tests of streams that stay in their HTTP connections. Apart from `serve.ts`, which must not need a test runner. */
import t, { type Test } from 'tap';
import { DETACHED } from './serve.js';

/** A test of what a stream has that stays in its HTTP connection: in the other form there is nothing to test. */
export function staying(title: string, run: (t: Test) => Promise<void>): void {
  if (!DETACHED) t.test(title, run);
}
