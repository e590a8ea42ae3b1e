/**
 * Upstreams for the tests of upstream/: real servers on loopback that answer as a script says, down to the byte, and
 * keep the sockets they accepted, so that a test can see them close.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { within } from './within.js';

/** Something a test can register what must be undone with. */
export interface Teardown {
  teardown(fn: () => Promise<void> | void): void;
}

/** One server and the sockets it accepted. */
export class Upstream {
  readonly url: string;
  readonly sockets: Socket[] = [];
  /** Requests of an HTTP server, in order. */
  readonly requests: IncomingMessage[] = [];
  readonly #server: Server;

  constructor(server: Server, scheme = 'http') {
    this.#server = server;
    this.url = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/stream`;
    server.on('connection', (socket) => {
      socket.on('error', () => {});
      this.sockets.push(socket);
    });
  }

  /** Once the socket (by order of arrival) is accepted. */
  async accepted(index = 0): Promise<Socket> {
    while (this.sockets.length <= index) {
      await within(once(this.#server, 'connection'), () => `socket ${index} was not accepted`);
    }
    return this.sockets[index]!;
  }

  /** Once the socket is closed on the server's side. */
  async closed(index = 0): Promise<void> {
    const socket = await this.accepted(index);
    if (socket.closed) return;
    // Not `once` of node:events, which rejects on the reset that may precede the close.
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    await within(closed, () => `socket ${index} was not closed`);
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** An HTTP server; a script is asked in turn, its last step for all further requests. */
export async function serve(t: Teardown, ...script: RequestListener[]): Promise<Upstream> {
  const server = createServer((request, response) => {
    upstream.requests.push(request);
    const step = script[Math.min(upstream.requests.length, script.length) - 1]!;
    step(request, response);
  });
  const upstream = await listen(t, server);
  return upstream;
}

/** A TCP server that answers the first bytes of each socket. */
export async function serveRaw(
  t: Teardown,
  answer: (socket: Socket, request: string) => void,
): Promise<Upstream> {
  const server = createTcpServer((socket) => {
    socket.once('data', (bytes) => answer(socket, bytes.toString('latin1')));
  });
  return listen(t, server);
}

/** A server that accepts, reads and never says a word; with scheme https the handshake hangs. */
export function serveSilence(t: Teardown, scheme = 'http'): Promise<Upstream> {
  return listen(
    t,
    createTcpServer((socket) => socket.resume()),
    scheme,
  );
}

export async function listen(t: Teardown, server: Server, scheme?: string): Promise<Upstream> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upstream = new Upstream(server, scheme);
  t.teardown(() => upstream.stop());
  return upstream;
}

/** Step of a script: a stream with these bytes, left open. */
export function stream(body: string): RequestListener {
  return (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(body);
  };
}

/** Step of a script: a stream with these bytes that then ends. */
export function ending(body: string): RequestListener {
  return (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.end(body);
  };
}

/** Step of a script: a head and no stream. */
export function status(code: number, headers: Record<string, string> = {}): RequestListener {
  return (_, response: ServerResponse) => {
    response.writeHead(code, headers);
    response.end();
  };
}
