/** What the tests of examples/ stand on: an app of theirs on a free port, closed with the test. */
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Test } from 'tap';
import { SseClient } from '../helpers/sse-client.js';
import type { SseClientOptions } from '../helpers/sse-request.js';

export interface Running {
  readonly origin: string;
  client(options: Partial<SseClientOptions>): SseClient;
  /** What a POST of JSON or text is answered. */
  post(path: string, body: object | string, headers?: Record<string, string>): Promise<Response>;
}

export async function run(t: Test, app: FastifyInstance): Promise<Running> {
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const clients: SseClient[] = [];
  t.teardown(async () => {
    for (const client of clients) client.destroy();
    await app.close();
  });
  return {
    origin,
    client(options) {
      const client = new SseClient({ port, ...options });
      clients.push(client);
      return client;
    },
    post(path, body, headers = {}) {
      const type = typeof body === 'string' ? 'text/plain' : 'application/json';
      return fetch(origin + path, {
        method: 'POST',
        headers: { 'content-type': type, ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
    },
  };
}
