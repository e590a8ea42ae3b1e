/** One look at `/metrics`, in the text format that Prometheus reads. It refuses to keep series over time. */

export interface Scrape {
  /** The exposition as it came. */
  readonly text: string;
  /** Sum of the samples of this name (without `sse_gateway_`) whose labels include `labels`; 0 without any. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
}

/** @throws when the answer is no 200 */
export async function scrape(port: number): Promise<Scrape> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  const text = await response.text();
  if (!response.ok) throw new Error(`/metrics answered ${response.status}: ${text.slice(0, 200)}`);
  const samples = [...text.matchAll(/^([a-z_]+)(?:\{(.*)\})? (\S+)$/gm)];
  return {
    text,
    sum(name, labels = {}) {
      const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
      return samples
        .filter(
          ([, of, set = '']) => of === `sse_gateway_${name}` && wanted.every((pair) => set.includes(pair)),
        )
        .reduce((sum, [, , , value]) => sum + Number(value), 0);
    },
  };
}
