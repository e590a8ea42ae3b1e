/**
 * The slow, obvious log: an array of events, and cursors that are told of everything at once. What the real one does
 * with positions, rings and segments is compared with it. No positions here: only seqs.
 */

export interface ModelEvent {
  readonly seq: number;
  readonly bytes: Buffer;
  readonly id: string | undefined;
  readonly tag: number;
  readonly time: number;
}

export interface ModelRetention {
  readonly retainBytes: number;
  readonly retainEvents: number;
  readonly retainAgeMs: number;
}

export class ModelCursor {
  seq: number;
  state: 'live' | 'trimmed' | 'truncated' = 'live';
  truncatedTo = 0;
  constructor(seq: number) {
    this.seq = seq;
  }
}

export class ModelLog {
  events: ModelEvent[] = [];
  tipSeq = 1;
  newestBatchSeq = 1;
  readonly cursors: ModelCursor[] = [];
  readonly #retention: ModelRetention;

  constructor(retention: ModelRetention) {
    this.#retention = retention;
  }

  get floorSeq(): number {
    return this.events[0]?.seq ?? this.tipSeq;
  }

  get bytes(): number {
    return this.events.reduce((sum, event) => sum + event.bytes.length, 0);
  }

  append(events: readonly Omit<ModelEvent, 'seq' | 'time'>[], now: number): void {
    if (events.length === 0) return;
    this.newestBatchSeq = this.tipSeq;
    for (const event of events) this.events.push({ ...event, seq: this.tipSeq++, time: now });
    this.trim(now);
  }

  trim(now: number): void {
    const { retainBytes, retainEvents, retainAgeMs } = this.#retention;
    const drop = (unless: number, surplus: () => boolean) => {
      while (this.events.length > 0 && this.events[0]!.seq < unless && surplus()) this.events.shift();
    };
    drop(this.newestBatchSeq, () => this.events.length > retainEvents);
    drop(this.newestBatchSeq, () => this.bytes > retainBytes);
    drop(this.tipSeq, () => now - this.events[0]!.time > retainAgeMs);
    this.#tellTrimmed();
  }

  truncate(seq: number): void {
    if (seq >= this.tipSeq) return;
    for (const cursor of this.cursors) {
      if (cursor.state === 'live' && cursor.seq > seq) {
        cursor.state = 'truncated';
        cursor.truncatedTo = seq;
      } else if (cursor.state === 'truncated') {
        cursor.truncatedTo = Math.min(cursor.truncatedTo, seq);
      }
    }
    this.events = this.events.filter((event) => event.seq < seq);
    this.tipSeq = seq;
    this.newestBatchSeq = Math.min(this.newestBatchSeq, seq);
    this.#tellTrimmed();
  }

  /** The floor is above the cursor, or above where a truncated one would go on. */
  #tellTrimmed(): void {
    for (const cursor of this.cursors) {
      const from = cursor.state === 'truncated' ? cursor.truncatedTo : cursor.seq;
      if (from < this.floorSeq) cursor.state = 'trimmed';
    }
  }

  find(id: string): number {
    return this.events.findLast((event) => event.id === id)?.seq ?? -1;
  }

  lastWithId(): number {
    return this.events.findLast((event) => event.id !== undefined)?.seq ?? -1;
  }
}
