/**
 * An inlet and an observer that write down everything a source tells them, the calls in one list, and let a test await
 * the next of them.
 */
import type { CloseReason, GatewayError } from '../../src/errors.js';
import type { Inlet, SourceObserver, SourceStatus } from '../../src/source.js';
import { within } from './within.js';

interface Waiter {
  readonly wanted: (note: string) => boolean;
  readonly found: (note: string) => void;
}

/** An inlet that keeps the bytes and counts blank lines as events. */
export class RecordingInlet implements Inlet {
  cursor: Uint8Array | undefined;
  /** The cursor is a client's. */
  cursorIsClients = false;
  retryMs: number | undefined;
  events = 0;
  text = '';
  /** What the next write answers. */
  cut: 'event-too-large' | undefined;
  /** Whether each connection was resumed; its length is the number of `begin`s. */
  readonly begun: boolean[] = [];
  /** Whether each was to another upstream with ids of its own. */
  readonly begunElsewhere: boolean[] = [];
  ends = 0;
  /** Called within each write. */
  onWrite: () => void = () => {};

  forgetClientsCursor(): void {
    this.cursor = undefined;
    this.cursorIsClients = false;
  }

  begin(resumed: boolean, elsewhere = false): void {
    this.begun.push(resumed);
    this.begunElsewhere.push(elsewhere);
    this.events = 0;
  }

  write(chunk: Buffer): 'event-too-large' | undefined {
    const text = chunk.toString();
    this.text += text;
    this.onWrite();
    this.events += text.split('\n\n').length - 1;
    return this.cut;
  }

  end(): void {
    this.ends += 1;
  }
}

export class Recorder implements SourceObserver {
  readonly inlet = new RecordingInlet();
  /** `state connecting`, `connecting 1`, `connected`, `received 5`, `disconnected status` in the order of the calls. */
  readonly notes: string[] = [];
  /** Errors of `disconnected`. */
  readonly errors: (GatewayError | undefined)[] = [];
  /** Called with each note, in the middle of the source's call. */
  onNote: (note: string) => void = () => {};
  #read = 0;
  #waiter: Waiter | undefined;

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

  switched(origin: string | undefined): void {
    this.#note(`switched ${origin}`);
  }

  disconnected(reason: CloseReason, error: GatewayError | undefined): void {
    this.errors.push(error);
    this.#note(`disconnected ${reason}`);
  }

  cursorWithheld(): void {
    this.#note('cursor withheld');
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
