/**
 * An upstream whose every event says whom it is for: path, Authorization and Cookie of the request that reads it. Each
 * reader has a history of its own, and is replayed what follows its Last-Event-ID there. Half of the ids are the same for
 * all, so that a foreign id may be a known one; the others belong to one reader. It refuses to serve anybody else's events,
 * and answers 404 to an id that the reader's history doesn't know.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface History {
  readonly owner: string;
  readonly ids: string[];
  readonly frames: string[];
  readonly open: Set<ServerResponse>;
}

/** Whom a request is for. */
export function ownerOf(path: string, authorization = '', cookie = ''): string {
  return `${path} ${authorization} ${cookie}`;
}

export class OwnedUpstream {
  /** Owner and Last-Event-ID of each request. */
  readonly requests: { readonly owner: string; readonly lastEventId: string | undefined }[] = [];
  /** Events that every history has. */
  count = 0;
  readonly #histories = new Map<string, History>();
  readonly #server = createServer((request, response) => this.#answer(request, response));

  static async listen(): Promise<OwnedUpstream> {
    const upstream = new OwnedUpstream();
    upstream.#server.listen(0, '127.0.0.1');
    await once(upstream.#server, 'listening');
    return upstream;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Streams open now. */
  get connections(): number {
    return [...this.#histories.values()].reduce((sum, { open }) => sum + open.size, 0);
  }

  get owners(): string[] {
    return [...this.#histories.keys()];
  }

  /** One more event for everybody. */
  publish(): void {
    this.count += 1;
    for (const history of this.#histories.values()) {
      const frame = append(history, this.count);
      for (const stream of history.open) stream.write(frame);
    }
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { authorization, cookie } = request.headers;
    const owner = ownerOf(request.url ?? '', authorization, cookie);
    const id = request.headers['last-event-id'];
    const lastEventId = typeof id === 'string' ? Buffer.from(id, 'latin1').toString() : undefined;
    this.requests.push({ owner, lastEventId });
    const history = this.#historyOf(owner);
    response.on('error', () => undefined);
    const known = lastEventId === undefined ? -1 : history.ids.lastIndexOf(lastEventId);
    if (lastEventId !== undefined && known < 0) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    if (known >= 0) response.write(`:\n\n${history.frames.slice(known + 1).join('')}`);
    history.open.add(response);
    response.once('close', () => history.open.delete(response));
  }

  #historyOf(owner: string): History {
    const known = this.#histories.get(owner);
    if (known !== undefined) return known;
    const history: History = { owner, ids: [], frames: [], open: new Set() };
    for (let n = 1; n <= this.count; n += 1) append(history, n);
    this.#histories.set(owner, history);
    return history;
  }
}

function append({ owner, ids, frames }: History, n: number): string {
  const id = n % 2 === 0 ? String(n) : `${Buffer.from(owner).toString('base64url')}.${n}`;
  const frame = `id: ${id}\ndata: ${JSON.stringify({ owner, n })}\n\n`;
  ids.push(id);
  frames.push(frame);
  return frame;
}
