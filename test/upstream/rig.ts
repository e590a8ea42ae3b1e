/**
 * What the tests of upstream/ stand on: a source over real sockets whose inlet and observer write down, in one list,
 * everything they are told. Time is a manual clock.
 */
import type { Dispatcher } from 'undici';
import type { CloseReason, GatewayError } from '../../src/errors.js';
import type { Inlet, SourceObserver, SourceStatus } from '../../src/source.js';
import { createDispatcher } from '../../src/upstream/dispatcher.js';
import { type HttpSource, httpSource } from '../../src/upstream/http-source.js';
import type { HttpUpstreamOptions } from '../../src/upstream/options.js';
import { Pacer } from '../../src/upstream/pacer.js';
import { ManualClock } from '../helpers/manual-clock.js';
import type { Teardown } from './server.js';
import { within } from './within.js';

export const DEFAULTS: Omit<HttpUpstreamOptions, 'url'> = {
  headers: {},
  connectTimeoutMs: 10_000,
  firstByteTimeoutMs: 30_000,
  idleTimeoutMs: 90_000,
  backoffBaseMs: 1_000,
  backoffMinMs: 100,
  backoffMaxMs: 30_000,
  maxAttempts: Number.POSITIVE_INFINITY,
  retryFailedMs: 60_000,
  retryAfterMaxMs: 300_000,
  maxRedirects: 5,
  maxHeaderBytes: 16_384,
  sendLastEventId: true,
};

interface Waiter {
  readonly wanted: (note: string) => boolean;
  readonly found: (note: string) => void;
}

export interface RigOptions extends Partial<HttpUpstreamOptions> {
  readonly dispatcher?: Dispatcher;
  readonly clock?: ManualClock;
  readonly pacer?: Pacer;
}

/** An inlet that keeps the bytes and counts blank lines as events. */
export class RecordingInlet implements Inlet {
  cursor: Uint8Array | undefined;
  retryMs: number | undefined;
  events = 0;
  text = '';
  /** What the next write answers. */
  cut: 'event-too-large' | undefined;
  /** Whether each connection was resumed; its length is the number of `begin`s. */
  readonly begun: boolean[] = [];
  ends = 0;

  begin(resumed: boolean): void {
    this.begun.push(resumed);
    this.events = 0;
  }

  write(chunk: Buffer): 'event-too-large' | undefined {
    const text = chunk.toString();
    this.text += text;
    this.events += text.split('\n\n').length - 1;
    return this.cut;
  }

  end(): void {
    this.ends += 1;
  }
}

/** A source under test. Randomness is 0.5 throughout, so a delay without `retry:` is half its ceiling. */
export class Rig implements SourceObserver {
  readonly clock: ManualClock;
  readonly inlet = new RecordingInlet();
  /** `state connecting`, `connecting 1`, `connected`, `received 5`, `disconnected status` in the order of the calls. */
  readonly notes: string[] = [];
  /** Errors of `disconnected`. */
  readonly errors: (GatewayError | undefined)[] = [];
  readonly source: HttpSource;
  /** Called with each note, in the middle of the source's call. */
  onNote: (note: string) => void = () => {};
  readonly #dispatcher: Dispatcher;
  #read = 0;
  #waiter: Waiter | undefined;

  constructor(url: string, options: RigOptions = {}) {
    const { dispatcher, clock = new ManualClock(), pacer = new Pacer(clock), ...rest } = options;
    this.clock = clock;
    this.#dispatcher = dispatcher ?? createDispatcher({ maxHeaderBytes: DEFAULTS.maxHeaderBytes });
    const context = { dispatcher: this.#dispatcher, pacer, clock, random: () => 0.5 };
    this.source = httpSource({ ...DEFAULTS, url, ...rest }, context)(this.inlet, this);
  }

  get lastError(): GatewayError | undefined {
    return this.errors.at(-1);
  }

  stateChanged(status: SourceStatus): void {
    this.#note(`state ${status.state}`);
  }

  connecting(attempt: number): void {
    this.#note(`connecting ${attempt}`);
  }

  connected(): void {
    this.#note('connected');
  }

  disconnected(reason: CloseReason, error: GatewayError | undefined): void {
    this.errors.push(error);
    this.#note(`disconnected ${reason}`);
  }

  received(bytes: number): void {
    this.#note(`received ${bytes}`);
  }

  /** The next note that begins so, looking on from the last one found. */
  next(start: string): Promise<string> {
    return this.#find((note) => note.startsWith(start), start);
  }

  /** Once the inlet holds this text. */
  async holds(text: string): Promise<void> {
    if (!this.inlet.text.includes(text))
      await this.#find(() => this.inlet.text.includes(text), `the text ${text}`);
  }

  /** Lets the delay pass that the source is in. */
  passDelay(): number {
    const { retryAt } = this.source.status;
    if (retryAt === undefined) throw new Error(`no delay in state ${this.source.status.state}`);
    const ms = retryAt - this.clock.now();
    this.clock.advance(ms);
    return ms;
  }

  /** Ends the source and its sockets. */
  async close(): Promise<void> {
    this.source.close('shutdown');
    await this.#dispatcher.destroy();
  }

  #find(wanted: (note: string) => boolean, name: string): Promise<string> {
    const index = this.notes.findIndex((note, i) => i >= this.#read && wanted(note));
    if (index >= 0) {
      this.#read = index + 1;
      return Promise.resolve(this.notes[index]!);
    }
    this.#read = this.notes.length;
    return within(
      new Promise((found) => {
        this.#waiter = { wanted, found };
      }),
      () => `no ${name}, only ${JSON.stringify(this.notes)}`,
    );
  }

  #note(note: string): void {
    this.notes.push(note);
    if (this.#waiter?.wanted(note)) {
      const { found } = this.#waiter;
      this.#waiter = undefined;
      this.#read = this.notes.length;
      found(note);
    }
    this.onNote(note);
  }
}

/** A rig that is closed with its test. */
export function rig(t: Teardown, url: string, options: RigOptions = {}): Rig {
  const made = new Rig(url, options);
  t.teardown(() => made.close());
  return made;
}
