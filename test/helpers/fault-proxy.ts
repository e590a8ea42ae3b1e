/**
 * A TCP proxy in front of a port that breaks connections on demand: cut, reset, stalled, sliced, delayed, refused.
 * What it passes on it passes on unchanged. It refuses to know HTTP, except to tell whether a cut lies inside an event.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { CutHow, CutWhere } from './kill-schedule.js';
import { type Faults, ProxyLink } from './proxy-link.js';
import { realTime, type Time } from './real-time.js';
import { Waits } from './waits.js';

/** A cut that was made. */
export interface Cut {
  /** Bytes the client was sent on that connection. */
  readonly bytes: number;
  /** The last byte lies inside an event. */
  readonly inside: boolean;
  /** The last bytes it was sent, at most 256. */
  readonly tail: Buffer;
}

const TAIL_BYTES = 256;

export class FaultProxy {
  /** Connections ever accepted, those turned away included. */
  connectionsTotal = 0;
  /** Bytes forwarded, over all connections: to clients, to the server. */
  bytesDown = 0;
  bytesUp = 0;
  /** The cuts made by `cutAfter`, in order. */
  readonly cuts: Cut[] = [];
  readonly #targetPort: number;
  readonly #server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
  readonly #links = new Set<ProxyLink>();
  readonly #faults: Faults = {
    stalled: false,
    sliceBytes: Number.POSITIVE_INFINITY,
    delay: undefined,
    cut: undefined,
  };
  readonly #waits = new Waits(() => this.#seen());
  #refusing = false;
  #tail = Buffer.alloc(0);

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
  }

  static async listen(targetPort: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(targetPort);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections open now. */
  get connections(): number {
    return this.#links.size;
  }

  /** The last bytes that went to a client, at most 256. */
  get tail(): Buffer {
    return this.#tail;
  }

  /**
   * Arms one cut: the first connection that gets more than `bytes` from the server is cut, there or, with `where`, at the
   * first byte from there on that is inside or outside of an event. Counted per connection from its first byte; one that
   * ends earlier leaves the cut armed for the next. `rst` follows the last byte by 5 ms, so that it can be read.
   */
  cutAfter(bytes: number, { how = 'fin', where = 'offset' }: { how?: CutHow; where?: CutWhere } = {}): void {
    this.#faults.cut = { after: bytes, how, where };
    for (const link of this.#links) link.pump();
  }

  /** Closes every connection now, with a FIN. */
  cutNow(): void {
    for (const link of this.#links) link.close('fin');
  }

  /** Closes every connection now, with an RST on both sides. */
  resetNow(): void {
    for (const link of this.#links) link.close('rst');
  }

  /** Stops forwarding in both directions and reading, without closing: a peer that went silent. */
  stall(): void {
    this.#faults.stalled = true;
    this.#pump();
  }

  resume(): void {
    this.#faults.stalled = false;
    this.#pump();
  }

  /** Forwards to clients in pieces of at most `bytes`, one per turn; Infinity ends it. */
  slice(bytes: number): void {
    this.#faults.sliceBytes = bytes;
  }

  /** What arrives from the server from now on goes to the client `ms` later; 0: what comes follows what is held. */
  delay(ms: number, time: Time = realTime): void {
    this.#faults.delay = ms > 0 ? { ms, time } : undefined;
  }

  /** New connections are accepted and destroyed at once. Those that are open stay. */
  refuse(on: boolean): void {
    this.#refusing = on;
  }

  /** Resolves with the `count`th cut of `cutAfter` ever (the first is 1). */
  async waitForCuts(count: number, deadlineMs?: number): Promise<Cut> {
    await this.#waits.until(() => this.cuts.length >= count, `${count} cuts`, deadlineMs);
    return this.cuts[count - 1]!;
  }

  /** Resolves when exactly `count` connections are open. */
  waitForConnections(count: number, deadlineMs?: number): Promise<void> {
    return this.#waits.until(() => this.#links.size === count, `${count} open connections`, deadlineMs);
  }

  /** Cuts every connection and frees the port. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cutNow();
    await closed;
    this.#waits.over('the proxy was closed');
  }

  #accept(socket: Socket): void {
    this.connectionsTotal += 1;
    if (this.#refusing) {
      socket.on('error', () => undefined).destroy();
      return;
    }
    const link = new ProxyLink(socket, this.#targetPort, this.#faults, {
      forwarded: (direction, bytes) => this.#forwarded(direction, bytes),
      cut: ({ bytesDown, inside }) => this.cuts.push({ bytes: bytesDown, inside, tail: this.#tail }),
      closed: (link) => {
        this.#links.delete(link);
        this.#waits.check();
      },
    });
    this.#links.add(link);
    this.#waits.check();
  }

  #forwarded(direction: 'down' | 'up', bytes: Buffer): void {
    if (direction === 'up') {
      this.bytesUp += bytes.length;
    } else {
      this.bytesDown += bytes.length;
      this.#tail = Buffer.concat([this.#tail, bytes.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
    }
  }

  #pump(): void {
    for (const link of this.#links) link.pump();
  }

  #seen(): string {
    const tail = JSON.stringify(this.#tail.toString('latin1').slice(-80));
    return `${this.connections} connections of ${this.connectionsTotal}, ${this.bytesDown} bytes down, ${this.bytesUp} up, ${this.cuts.length} cuts, tail ${tail}`;
  }
}
