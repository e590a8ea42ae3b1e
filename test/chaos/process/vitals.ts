/** What a process holds, and by how much that grows over time. It refuses to say how much is too much. */

export interface Vitals {
  /** Bytes. */
  readonly rss: number;
  /** Bytes that live behind a garbage collection. */
  readonly heapUsed: number;
  readonly external: number;
  readonly descriptors: number;
  /** What keeps the event loop going, by kind. */
  readonly resources: Readonly<Record<string, number>>;
  readonly subscribers: number;
}

/** Growth per step of a straight line through the values (least squares). */
export function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let up = 0;
  let across = 0;
  for (const [at, value] of values.entries()) {
    up += (at - middle) * (value - mean);
    across += (at - middle) ** 2;
  }
  return across === 0 ? 0 : up / across;
}
