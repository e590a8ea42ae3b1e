/** Asks a server for something small at a steady pace, over one connection, and takes the time of each answer. */
import { Agent, get } from 'node:http';
import { Latencies, type LatencySummary } from './latencies.js';

export class Probe {
  readonly #latencies = new Latencies();
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 });
  readonly #timer: NodeJS.Timeout;
  #failed = 0;

  constructor(options: { readonly port: number; readonly path: string; readonly everyMs: number }) {
    const { port, path, everyMs } = options;
    this.#timer = setInterval(() => {
      const begun = performance.now();
      get({ host: '127.0.0.1', port, path, agent: this.#agent }, (response) => {
        response.resume().once('end', () => {
          if (response.statusCode === 200) this.#latencies.add((performance.now() - begun) * 1_000);
          else this.#failed += 1;
        });
      }).on('error', () => {
        this.#failed += 1;
      });
    }, everyMs);
  }

  end(): LatencySummary & { readonly failed: number } {
    clearInterval(this.#timer);
    this.#agent.destroy();
    return { ...this.#latencies.summary(), failed: this.#failed };
  }
}
