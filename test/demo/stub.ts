/** A gateway in name only: serves the page and says on its three routes exactly what a test tells it to. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { page, pageCsp } from '../../demo/index.js';

export interface Stream {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export class Stub {
  /** Streams asked for, in order. */
  readonly streams: Stream[] = [];
  /** What `/health` answers. */
  health: { status: number; body: unknown } = { status: 200, body: {} };
  cuts = 0;
  #server = createServer((request, response) => this.#answer(request, response));
  #waiting: (() => void)[] = [];

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async listen(): Promise<this> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return this;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** The stream asked for as number `index`, from 0. */
  async stream(index: number): Promise<Stream> {
    while (this.streams.length <= index) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.streams[index]!;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url!.split('?', 1)[0];
    if (path === '/') {
      response.setHeader('content-security-policy', pageCsp);
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
    } else if (path === '/health') {
      response.writeHead(this.health.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(this.health.body));
    } else if (path === '/demo/cut' && request.method === 'POST') {
      this.cuts += 1;
      response.writeHead(204).end();
    } else if (path === '/events/demo') {
      // 10 ms: a reconnect is what a test waits for.
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('retry: 10\n\n');
      this.streams.push({ request, response });
      for (const resolve of this.#waiting.splice(0)) resolve();
    } else {
      response.writeHead(404).end();
    }
  }
}

/** The frame of event `n`, as the demo's upstream would send it through a gateway. */
export function event(n: number, fields: { type?: string; text?: string; run?: string } = {}): string {
  const { type, text = `notice ${n}`, run = 'r' } = fields;
  const data = JSON.stringify({ n, run, t: Date.now(), text });
  return `${type === undefined ? '' : `event: ${type}\n`}id: ${n}.${run}\ndata: ${data}\n\n`;
}

/** The frame of a gap. */
export function gap(reason: string, lost: number | null): string {
  const data = JSON.stringify({ from: '1', resume: null, lost, repeats: false, reason });
  return `event: gateway.gap\ndata: ${data}\n\n`;
}
