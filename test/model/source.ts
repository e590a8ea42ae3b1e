/**
 * A connection to the model's upstream through the seam of `src/source.ts`: cuts bytes anywhere, keeps some back, and
 * connects again after a while; a private one is asked once. It refuses to decide what is sent.
 */
import type { Timer } from '../../src/clock.js';
import { type CloseReason, GatewayError } from '../../src/errors.js';
import type { Inlet, Source, SourceObserver, SourceState, SourceStatus } from '../../src/source.js';
import type { Item } from './truth.js';
import type { Upstream } from './upstream.js';

const LATENCY_MS = 10;
const BACKOFF_MS = 100;
const RETRY_FAILED_MS = 1_000;

export class ModelSource implements Source {
  readonly own: boolean;
  status: SourceStatus;
  /** Reconnects whose continuity could not be known, whatever the upstream's honesty. */
  unknowable = 0;
  reconnects = 0;
  /** Reconnects that asked behind everything that came: no event can come back and prove anything. */
  unprovable = 0;
  readonly #upstream: Upstream;
  readonly #inlet: Inlet;
  readonly #observer: SourceObserver;
  #timer: Timer | undefined;
  #answers = 0;
  #held = Buffer.alloc(0);
  #heldItems: Item[] = [];
  /** The last event sent on this connection, and on any. */
  #lastSent: number | undefined;
  #newestEvent = 0;
  /** Id of the newest block that was sent to its end. */
  #newestId: string | undefined;

  constructor(upstream: Upstream, inlet: Inlet, observer: SourceObserver, own: boolean) {
    this.#upstream = upstream;
    this.#inlet = inlet;
    this.#observer = observer;
    this.own = own;
    this.status = {
      state: 'idle',
      since: upstream.clock.now(),
      attempts: 0,
      lastError: undefined,
      retryAt: undefined,
    };
  }

  open(): void {
    const { state, retryAt = 0 } = this.status;
    const due = state === 'idle' || (state === 'failed' && this.#upstream.clock.now() >= retryAt);
    if (!due) return;
    if (this.own && this.#answers > 0) this.#upstream.locals.reopen();
    this.#connect();
  }

  close(reason: CloseReason): void {
    const { state, retryAt = 0 } = this.status;
    const refusing = state === 'failed' && this.#upstream.clock.now() < retryAt;
    if (state === 'closed' || (refusing && reason !== 'shutdown')) return;
    this.#timer?.cancel();
    if (this.own && reason !== 'shutdown') this.#upstream.locals.rest();
    const open = this.#drop();
    if (open) this.#inlet.end();
    this.#enter(reason === 'shutdown' ? 'closed' : 'idle');
    if (open) this.#observer.disconnected(reason, undefined);
    this.#observer.stateChanged(this.status);
  }

  /** @param hold most bytes that are kept back for the next time */
  send(items: readonly Item[], hold: number): void {
    if (this.status.state !== 'open' || (items.length === 0 && hold > 0)) return;
    const bytes = Buffer.concat([this.#held, ...items.map(({ block }) => block)]);
    const all = [...this.#heldItems, ...items];
    const newest = items.at(-1)?.block.length ?? 0;
    const kept = Math.min(hold, Math.max(newest - 1, 0));
    const to = bytes.length - kept;
    this.#heldItems = kept > 0 ? all.slice(-1) : [];
    this.#held = bytes.subarray(to);
    for (const { n, id } of kept > 0 ? all.slice(0, -1) : all) {
      if (n !== undefined && this.#lastSent !== undefined) this.#upstream.note(this.#lastSent, n);
      this.#lastSent = n ?? this.#lastSent;
      if (this.own && n !== undefined) this.#upstream.locals.brought(n);
      this.#newestEvent = n ?? this.#newestEvent;
      if (id !== undefined) this.#newestId = id;
    }
    if (this.own && kept === 1) this.#upstream.locals.unsure();
    for (let from = 0; from < to && this.status.state === 'open'; ) {
      const length = 1 + Math.floor(this.#upstream.random() * (to - from) * 1.5);
      const end = Math.min(to, from + length);
      this.#inlet.write(Buffer.from(bytes.subarray(from, end)));
      from = end;
    }
  }

  cut(fragment: boolean): void {
    if (this.status.state !== 'open') return;
    if (fragment) this.#inlet.write(Buffer.from('id: cut\ndata: 99999'));
    // A fragment that completes what was waited for ends the request in the middle of this.
    if (!this.#drop()) return;
    this.#inlet.end();
    this.#fault('network-error');
  }

  #connect(): void {
    this.#enter('connecting');
    this.#observer.stateChanged(this.status);
    this.#observer.connecting(1);
    this.#timer = this.#upstream.clock.after(LATENCY_MS, () => this.#answer());
  }

  #answer(): void {
    const upstream = this.#upstream;
    const cursor = upstream.options.sendsId || !this.own ? this.#inlet.cursor : undefined;
    const asked = cursor === undefined ? undefined : Buffer.from(cursor).toString();
    if (upstream.down !== 'no') {
      this.#fault(upstream.down === 'gone' ? 'status' : 'connect-failed');
      return;
    }
    const clients = this.#inlet.cursorIsClients === true || !this.own;
    if (asked !== undefined && clients && this.#refused(asked)) {
      this.#refuse();
      return;
    }
    if (this.own && clients && asked !== undefined) upstream.seeded = true;
    if (this.own && asked === undefined && upstream.missable(this.#newestEvent)) upstream.missed = true;
    if (this.own && !upstream.goesOn(asked, this.#newestEvent)) upstream.locals.unsure();
    this.#count(asked);
    this.#enter('open');
    upstream.connections.add(this);
    this.#lastSent = undefined;
    this.#inlet.begin(asked !== undefined);
    this.#observer.stateChanged(this.status);
    if (this.status.state === 'open') this.#observer.connected();
    this.send(upstream.replay(asked), 0);
  }

  /** A request with a client's id: made again without it if it is the channel's own. */
  #refuse(): void {
    if (!this.own) {
      this.#fault('status');
      return;
    }
    this.#inlet.forgetClientsCursor?.();
    this.#observer.disconnected('status', new GatewayError('UPSTREAM_STATUS', 'refused'));
    this.#connect();
  }

  #count(asked: string | undefined): void {
    this.#answers += 1;
    if (this.#answers === 1) return;
    this.reconnects += 1;
    if (asked === undefined) this.unknowable += 1;
    else if (this.#inlet.cursorIsClients === true || asked === this.#newestId) this.unprovable += 1;
  }

  #refused(asked: string): boolean {
    const { refuses } = this.#upstream.options;
    return refuses === 'clients' || (refuses === 'unknown' && !this.#upstream.knows(asked));
  }

  #fault(reason: CloseReason): void {
    const error = new GatewayError('UPSTREAM_NETWORK', reason);
    if (this.own && reason === 'status') {
      this.#upstream.locals.rest();
      this.#enter('failed', error, this.#upstream.clock.now() + RETRY_FAILED_MS);
    } else if (this.own) {
      this.#enter('backoff');
      this.#timer = this.#upstream.clock.after(BACKOFF_MS, () => this.#connect());
    } else {
      this.#upstream.privateFaults += 1;
      this.#enter('failed', error);
    }
    this.#observer.disconnected(reason, error);
    this.#observer.stateChanged(this.status);
  }

  /** Forgets the connection; false: there was none. */
  #drop(): boolean {
    this.#held = Buffer.alloc(0);
    this.#heldItems = [];
    return this.#upstream.connections.delete(this);
  }

  #enter(state: SourceState, lastError?: GatewayError, retryAt?: number): void {
    this.status = { ...this.status, state, since: this.#upstream.clock.now(), lastError, retryAt };
  }
}
