/**
 * One connection through the fault proxy: a client socket, a server socket, and the bytes on their way down.
 * It does what the faults say and refuses to decide on any.
 */
import { connect, type Socket } from 'node:net';
import type { CutHow, Kill } from './kill-schedule.js';
import type { Time } from './real-time.js';
import { StreamPosition } from './stream-position.js';

/** What every link of a proxy obeys; the proxy changes it, the link reads it. */
export interface Faults {
  stalled: boolean;
  /** Largest piece written at once, in bytes. */
  sliceBytes: number;
  delay: { readonly ms: number; readonly time: Time } | undefined;
  /** The cut to be made by the first link that gets there. */
  cut: Kill | undefined;
}

export interface LinkEvents {
  /** Bytes were forwarded: to the client, or up to the server. */
  forwarded(direction: 'down' | 'up', bytes: Buffer): void;
  /** The armed cut was made by this link. */
  cut(link: ProxyLink): void;
  closed(link: ProxyLink): void;
}

/** Bytes in hand above which the sending side is held up. */
const HIGH_WATER = 64 * 1024;
/** An RST that comes with data reads as a mere end in Node: the client gets this long, in ms, to read the data first. */
const BEFORE_RST_MS = 5;

export class ProxyLink {
  /** Bytes forwarded to the client. */
  bytesDown = 0;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #faults: Faults;
  readonly #events: LinkEvents;
  readonly #position = new StreamPosition();
  #queue: Buffer[] = [];
  #queued = 0;
  readonly #held: { readonly fn: () => void; due: boolean }[] = [];
  #pumping = false;
  /** The server has ended: the client's end follows the last byte. */
  #ended = false;
  #over = false;

  constructor(client: Socket, targetPort: number, faults: Faults, events: LinkEvents) {
    this.#client = client.setNoDelay(true);
    this.#server = connect({ port: targetPort, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    this.#faults = faults;
    this.#events = events;
    this.#server
      .on('data', (bytes) => this.#arrived(bytes))
      .on('end', () => this.#later(() => this.#serverEnded()))
      .on('error', () => this.#later(() => this.close('rst')))
      .on('close', () => this.#later(() => this.#serverEnded()));
    client
      .on('data', (bytes) => {
        if (!this.#server.write(bytes)) client.pause();
        events.forwarded('up', bytes);
      })
      .on('end', () => this.#server.end())
      .on('error', () => this.close('rst'))
      .on('close', () => this.close('fin'))
      .on('drain', () => this.pump());
    this.#server.on('drain', () => this.#flow());
    this.#flow();
  }

  /** The last byte that went to the client lies inside an event. */
  get inside(): boolean {
    return this.#position.inside;
  }

  /** Closes both sides now; what was not forwarded is lost. */
  close(how: CutHow): void {
    if (this.#over) return;
    this.#over = true;
    this.#queue = [];
    for (const socket of [this.#client, this.#server]) {
      if (how === 'rst') socket.resetAndDestroy();
      else socket.destroySoon();
    }
    // A half-open server side would stay: nobody reads its end any more.
    if (how === 'fin') this.#server.destroy();
    this.#events.closed(this);
  }

  /** Forwards what the faults allow; called again when one of them changes. */
  pump(): void {
    this.#flow();
    if (!this.#pumping) this.#pump();
  }

  #pump(): void {
    this.#pumping = false;
    if (this.#over || this.#faults.stalled || this.#client.writableNeedDrain) return;
    const piece = this.#take(this.#faults.sliceBytes);
    if (piece !== undefined) {
      this.#forward(piece);
      if (this.#over) return;
    }
    if (this.#queue.length > 0) {
      // A turn between two pieces lets the reader see them apart.
      this.#pumping = true;
      setImmediate(() => this.#pump());
    } else if (this.#ended) {
      this.close('fin');
    }
    this.#flow();
  }

  #arrived(bytes: Buffer): void {
    this.#queued += bytes.length;
    this.#later(() => {
      this.#queue.push(bytes);
      this.pump();
    });
    this.#flow();
  }

  #serverEnded(): void {
    this.#ended = true;
    this.pump();
  }

  /** Now, or after the delay: bytes and ends are held back alike, and nothing overtakes what is held. */
  #later(fn: () => void): void {
    const { delay } = this.#faults;
    const held = { fn, due: delay === undefined };
    this.#held.push(held);
    delay?.time.after(delay.ms, () => {
      held.due = true;
      this.#release();
    });
    this.#release();
  }

  #release(): void {
    while (this.#held[0]?.due === true) this.#held.shift()?.fn();
  }

  #take(limit: number): Buffer | undefined {
    const head = this.#queue.shift();
    if (head === undefined) return undefined;
    if (head.length > limit) this.#queue.unshift(head.subarray(limit));
    const piece = head.length > limit ? head.subarray(0, limit) : head;
    this.#queued -= piece.length;
    return piece;
  }

  #forward(piece: Buffer): void {
    const { cut } = this.#faults;
    if (cut === undefined || this.bytesDown + piece.length < cut.after) {
      this.#write(piece);
      return;
    }
    let end = Math.max(0, cut.after - this.bytesDown);
    this.#position.push(piece.subarray(0, end));
    const wanted = cut.where === 'inside';
    while (cut.where !== 'offset' && this.inside !== wanted && end < piece.length) {
      this.#position.push(piece.subarray(end, ++end));
    }
    const found = cut.where === 'offset' || this.inside === wanted;
    this.#write(piece.subarray(0, end), false);
    if (found) this.#cut(cut.how);
  }

  #write(piece: Buffer, follow = true): void {
    if (follow) this.#position.push(piece);
    this.bytesDown += piece.length;
    this.#client.write(piece);
    this.#events.forwarded('down', piece);
  }

  #cut(how: CutHow): void {
    this.#faults.cut = undefined;
    this.#queue = [];
    this.#events.cut(this);
    if (how === 'fin') {
      this.close('fin');
      return;
    }
    this.#over = true;
    const reset = () => {
      this.#over = false;
      this.close('rst');
    };
    // Two turns behind the timer: a reader in this process has polled its socket by then, however late the timer is.
    setTimeout(() => setImmediate(() => setImmediate(reset)), BEFORE_RST_MS);
  }

  /** Reads from each side only what the other one takes. */
  #flow(): void {
    const { stalled } = this.#faults;
    flow(this.#server, !stalled && this.#queued < HIGH_WATER);
    flow(this.#client, !stalled && !this.#server.writableNeedDrain);
  }
}

function flow(socket: Socket, on: boolean): void {
  if (on) socket.resume();
  else socket.pause();
}
