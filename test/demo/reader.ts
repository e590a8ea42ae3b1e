/** A client of the demo's upstream that keeps what it read. It refuses to reconnect. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';

export class Reading {
  readonly response: IncomingMessage;
  readonly #closed: Promise<void>;
  #text = '';

  constructor(response: IncomingMessage) {
    this.response = response;
    this.#closed = new Promise((resolve) => response.once('close', resolve));
    response.setEncoding('utf8').on('data', (chunk: string) => {
      this.#text += chunk;
    });
    // A cut is one of the things under test: `over` tells it.
    response.on('error', () => {});
  }

  /** Everything read so far. */
  get text(): string {
    return this.#text;
  }

  /** `n` of every complete event, in order. */
  get ns(): number[] {
    return this.#fields(/^data: (.*)$/m).map((data) => (JSON.parse(data) as { n: number }).n);
  }

  /** Id of the last complete event. */
  get lastId(): string | undefined {
    return this.#fields(/^id: (.*)$/m).at(-1);
  }

  /** Resolves when at least so many complete events have come. */
  async events(count: number): Promise<void> {
    while (this.ns.length < count) {
      if (this.response.destroyed) throw new Error(`over after ${this.ns.length} of ${count} events`);
      await Promise.race([new Promise((resolve) => this.response.once('data', resolve)), this.#closed]);
    }
  }

  /** Resolves when the connection is over: true after a clean end, false after a cut. */
  async over(): Promise<boolean> {
    await this.#closed;
    return this.response.complete;
  }

  #fields(pattern: RegExp): string[] {
    const whole = this.#text.split('\n\n').slice(0, -1);
    return whole.flatMap((event) => pattern.exec(event)?.slice(1) ?? []);
  }
}

/** Asks for the stream; resolves with the head of the answer. */
export async function read(url: string, lastEventId?: string): Promise<Reading> {
  const headers =
    lastEventId === undefined ? {} : { 'last-event-id': Buffer.from(lastEventId).toString('latin1') };
  const [response] = (await once(get(url, { agent: false, headers }), 'response')) as [IncomingMessage];
  return new Reading(response);
}

/** The integers from `first` to `last`, both included. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
