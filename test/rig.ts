/** A channel or a gateway without an upstream: sources that do what a test says, and clients on real sockets. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Channel } from '../src/channel.js';
import type { CloseReason, GatewayError } from '../src/errors.js';
import type {
  Inlet,
  Source,
  SourceFactory,
  SourceObserver,
  SourceState,
  SourceStatus,
} from '../src/source.js';
import { SseClient } from './helpers/sse-client.js';

export class FakeSource implements Source {
  readonly inlet: Inlet;
  readonly observer: SourceObserver;
  /** `open`, and the reasons it was closed for. */
  readonly calls: string[] = [];
  /** How often a connection was asked for. */
  connects = 0;
  status: SourceStatus = { state: 'idle', since: 0, attempts: 0, lastError: undefined, retryAt: undefined };

  constructor(inlet: Inlet, observer: SourceObserver) {
    this.inlet = inlet;
    this.observer = observer;
  }

  open(): void {
    this.calls.push('open');
    if (this.status.state !== 'idle' && this.status.state !== 'failed') return;
    this.connects += 1;
    this.enter('connecting');
  }

  close(reason: CloseReason): void {
    this.calls.push(reason);
    if (this.status.state === 'open') this.inlet.end();
    this.enter(reason === 'shutdown' ? 'closed' : 'idle');
  }

  enter(state: SourceState, lastError?: GatewayError, retryAt?: number): void {
    this.status = { ...this.status, state, lastError, retryAt };
    this.observer.stateChanged(this.status);
  }

  /** A good head. */
  connected(resumed = false): void {
    this.inlet.begin(resumed);
    this.enter('open');
    this.observer.connected();
  }

  write(text: string): void {
    this.inlet.write(Buffer.from(text));
  }
}

/** A factory, and what it made. */
export function fakeSources(): { readonly made: FakeSource[]; readonly factory: SourceFactory } {
  const made: FakeSource[] = [];
  const factory: SourceFactory = (inlet, observer) => {
    const source = new FakeSource(inlet, observer);
    made.push(source);
    return source;
  };
  return { made, factory };
}

export interface Served {
  readonly port: number;
  readonly server: Server;
  readonly left: CloseReason[];
  connect(lastEventId?: string): Promise<SseClient>;
  close(): Promise<void>;
}

/** Serves a channel the way the plugin does, without its refusals. */
export async function serve(channel: () => Channel): Promise<Served> {
  const left: CloseReason[] = [];
  const server = createServer((request, response) => {
    const id = request.headers['last-event-id'];
    const asked = typeof id === 'string' ? Buffer.from(id, 'latin1') : undefined;
    const its = channel();
    const release = its.claim();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    const { subscribers } = its;
    const resume = asked === undefined ? subscribers.fresh(its.log.tipSeq) : subscribers.locate(asked);
    subscribers.join(response, resume, asked, false, (reason) => {
      release();
      left.push(reason);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const clients: SseClient[] = [];
  return {
    ...{ port, server, left },
    async connect(lastEventId) {
      const client = new SseClient({ port, ...(lastEventId === undefined ? {} : { lastEventId }) });
      clients.push(client);
      await client.waitFor(() => client.retry !== undefined, 'the preamble');
      return client;
    },
    async close() {
      for (const client of clients) client.destroy();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
