/** Real HTTP servers for sinks: what only a socket can show. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, createServer as createServer2, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { EventLog } from '../../src/log/event-log.js';
import { SlabPool } from '../../src/log/pool.js';
import type { Slice } from '../../src/log/slice.js';
import type { SinkOwner } from '../../src/sink.js';
import { Waits } from '../helpers/waits.js';
import { batchOf } from '../log/fixture.js';

/** Notes what a sink tells its owner, in order. */
export class Owner implements SinkOwner {
  readonly told: string[] = [];
  readonly #waits = new Waits(() => this.told.join());

  /** Parts of large writes that were taken. */
  parts = 0;

  progressed(): void {
    this.parts += 1;
  }

  written(delivered: boolean): void {
    this.told.push(delivered ? 'written' : 'lost');
    this.#waits.check();
  }

  closed(failed: boolean): void {
    this.told.push(failed ? 'failed' : 'closed');
    this.#waits.check();
  }

  get over(): boolean {
    return this.told.includes('closed') || this.told.includes('failed');
  }

  waitFor(count: number): Promise<void> {
    return this.#waits.until(() => this.told.length >= count, `${count} calls`);
  }

  waitForClose(): Promise<void> {
    return this.#waits.until(() => this.over, 'closed');
  }
}

/** A slice of a log of its own. */
export function sliceOf(text: string): Slice {
  const unlimited = { retainBytes: Infinity, retainEvents: Infinity, retainAgeMs: Infinity };
  const log = new EventLog({ pool: new SlabPool({ poison: true }), epoch: 1, ...unlimited });
  log.append(batchOf([text]), 0);
  return log.slice(0, 1e9)!;
}

export interface Serving<S> {
  readonly port: number;
  readonly server: S;
  close(): Promise<void>;
}

async function listen<S extends Server | Http2Server>(server: S): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** HTTP/1 with the head out before `respond` is called. */
export async function http1(
  respond: (response: ServerResponse, request: IncomingMessage) => void,
): Promise<Serving<Server>> {
  const server = createServer((request, response) => respond(response, request));
  const port = await listen(server);
  return {
    ...{ port, server },
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

export function sendHead(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
}

/** One HTTP/2 session with a request on it, and the server's end of the stream with its head out. */
export async function http2() {
  const server = createServer2();
  const port = await listen(server);
  const session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => undefined);
  const [client, stream] = await open();
  async function open() {
    const arrived = once(server, 'stream');
    const request = session.request({ ':path': '/' });
    request.on('error', () => undefined);
    const [serverStream] = (await arrived) as [ServerHttp2Stream];
    serverStream.respond({ ':status': 200 });
    return [request, serverStream] as const;
  }
  return {
    ...{ server, session, client, stream, open },
    async close() {
      session.destroy();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}
