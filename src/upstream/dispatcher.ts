/**
 * Opens the sockets of HTTP upstreams: one per request, closed with it. An event stream never ends, so a pool would
 * only be a way for one channel to wait for another. It refuses HTTP/2, keep-alive, unverified TLS, redirects, private
 * addresses where it is told to, and timeouts (the watchdog has those).
 */
import { isIP, Socket } from 'node:net';
import { buildConnector, Client, Dispatcher } from 'undici';
import { isPrivate, privateAddress, publicLookup } from './addresses.js';

export interface DispatcherOptions {
  /** Largest response head that is buffered, in bytes. */
  readonly maxHeaderBytes: number;
  /** Whether connections may go to private addresses. Default true. */
  readonly privateAddresses?: boolean;
  /** PEM. Trusted in place of Node's certificate authorities. */
  readonly ca?: string | string[] | undefined;
  /** PEM. Our certificate and its key, for an upstream that asks for one. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Name to ask for and to verify instead of the URL's host. */
  readonly servername?: string | undefined;
}

/** `signal` cuts a connection at once, even one that is not yet connected; other dispatchers ignore it. */
export interface CuttableOptions extends Dispatcher.DispatchOptions {
  readonly signal: AbortSignal;
}

/** A dispatcher for `httpSource`; sources with equal options should share one, TLS sessions are resumed within it. */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  return new StreamDispatcher(options);
}

class StreamDispatcher extends Dispatcher {
  readonly #connect: buildConnector.connector;
  readonly #maxHeaderBytes: number;
  readonly #connections = new Set<Connection>();
  #closed = false;

  constructor({ maxHeaderBytes, privateAddresses = true, ...tls }: DispatcherOptions) {
    super();
    this.#maxHeaderBytes = maxHeaderBytes;
    // Said explicitly, because NODE_TLS_REJECT_UNAUTHORIZED=0 would otherwise switch verification off.
    const common = { ...tls, rejectUnauthorized: true, allowH2: false, timeout: 0 };
    this.#connect = privateAddresses
      ? buildConnector(common)
      : publicOnly(buildConnector({ ...common, lookup: publicLookup }));
  }

  override dispatch(
    options: Dispatcher.DispatchOptions | CuttableOptions,
    receiver: Dispatcher.DispatchHandler,
  ): boolean {
    if (this.#closed) throw new Error('the dispatcher is closed');
    const signal = 'signal' in options ? options.signal : undefined;
    const connection = new Connection(options.origin ?? '', this.#connect, this.#maxHeaderBytes);
    const cut = () => {
      forget();
      void connection.cut();
    };
    const forget = () => {
      this.#connections.delete(connection);
      signal?.removeEventListener('abort', cut);
    };
    this.#connections.add(connection);
    signal?.addEventListener('abort', cut);
    connection.client.once('disconnect', forget).once('connectionError', forget);
    const more = connection.client.dispatch(options, receiver);
    // A request that undici refuses never asks for a socket, and no event follows.
    if (!connection.asked) forget();
    return more;
  }

  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | void {
    this.#closed = true;
    return settle(
      [...this.#connections].map((connection) => connection.client.close()),
      callback,
    );
  }

  override destroy(): Promise<void>;
  override destroy(error: Error | null): Promise<void>;
  override destroy(callback: () => void): void;
  override destroy(error: Error | null, callback: () => void): void;
  override destroy(error?: Error | null | (() => void), callback?: () => void): Promise<void> | void {
    this.#closed = true;
    const done = typeof error === 'function' ? error : callback;
    return settle(
      [...this.#connections].map((connection) => connection.cut()),
      done,
    );
  }
}

/** One request's client and socket. */
class Connection {
  readonly client: Client;
  #socket: Socket | undefined;

  constructor(origin: string | URL, connect: buildConnector.connector, maxHeaderBytes: number) {
    this.client = new Client(origin, {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (target, connected) => {
        // The connector returns its socket at once, which its type doesn't say. A client that is destroyed while
        // connecting leaves that socket to itself, so it is kept here.
        const socket: unknown = connect(target, connected);
        if (socket instanceof Socket) this.#socket = socket;
      },
    });
  }

  /** Whether a socket was asked for. */
  get asked(): boolean {
    return this.#socket !== undefined;
  }

  /** Closes the socket whatever it is doing; settles when it is closed. */
  cut(): Promise<void> {
    const destroyed = this.client.destroy();
    this.#socket?.destroy();
    return destroyed;
  }
}

/** A host that is an address is not looked up. */
function publicOnly(connect: buildConnector.connector): buildConnector.connector {
  return (target, connected) => {
    const host = target.hostname.replace(/^\[(.*)\]$/, '$1');
    if (isIP(host) === 0 || !isPrivate(host)) return connect(target, connected);
    const socket = new Socket();
    process.nextTick(() => connected(privateAddress(host), null));
    return socket;
  };
}

function settle(pending: Promise<void>[], callback: (() => void) | undefined): Promise<void> | void {
  const all = Promise.all(pending).then(() => {});
  if (callback === undefined) return all;
  void all.then(callback);
}
