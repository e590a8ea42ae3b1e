/** Faults that the model must find: each replaces one text in one compiled file of `src/`. A table and nothing else. */

export interface Mutant {
  /** What goes wrong. */
  readonly fault: string;
  readonly file: string;
  /** Occurs once. */
  readonly text: string;
  readonly becomes: string;
  /** Where it is found sooner than with the usual one. */
  readonly seed?: number;
}

export const MUTANTS: readonly Mutant[] = [
  {
    fault: 'repeats at a reconnect are delivered again',
    file: 'repeats.js',
    text: 'if (this.#leading.has(mark))',
    becomes: 'if (false)',
  },
  {
    fault: 'repeats of before a rest are dropped although somebody asked for them',
    file: 'continuity.js',
    text: 'this.#repeats.end();\n            if (resumed',
    becomes: 'if (resumed',
    seed: 4,
  },
  {
    fault: 'a proof is taken for given',
    file: 'continuity.js',
    text: 'return !this.#unproven;',
    becomes: 'this.#unproven = false; return false;',
  },
  {
    fault: 'an upstream that repeats more than was asked for is asked privately',
    file: 'continuity.js',
    text: 'this.#proven = first;',
    becomes: 'this.#proven = true;',
    seed: 20,
  },
  {
    fault: 'a reconnect that proved nothing is not told',
    file: 'ingest.js',
    text: 'if (continuity.breaks())',
    becomes: 'if (continuity.breaks() && false)',
  },
  {
    fault: 'the id before the last is read from a stale offset',
    file: 'ingest.js',
    text: 'from < 0 || from >= to',
    becomes: 'from >= to',
  },
  {
    fault: 'a slice that is taken at once is not counted',
    file: 'downstream/subscriber.js',
    text: 'this.#host.delivered(this, slice.events, slice.bytes.length);\n                slice.unpin();',
    becomes: 'slice.unpin();',
  },
  {
    fault: 'what is written past the sinks is not counted',
    file: 'downstream/front.js',
    text: 'this.#events += slice.events;',
    becomes: '',
  },
  {
    fault: 'those at the front go on across what is not for all alike',
    file: 'downstream/front.js',
    text: '&& !breaks(cursor.seq)',
    becomes: '',
  },
  {
    fault: 'one that falls behind the front gets the same again',
    file: 'downstream/front.js',
    text: '(at?.end ?? this.#behind).copy()',
    becomes: 'this.#behind.copy()',
  },
  {
    fault: 'with onGap reject a stream goes on across a break for all',
    file: 'downstream/subscriber.js',
    text: "this.#host.onGap === 'reject' && this.#atBreak",
    becomes: 'false',
  },
  {
    fault: 'minted ids go on exactly behind a rest in which everything was forgotten',
    file: 'ingest.js',
    text: 'if (forgotten)',
    becomes: 'if (false)',
  },
  {
    fault: 'the room made for an unwanted event is kept',
    file: 'ingest.js',
    text: 'this.#filling.reset();\n            return;',
    becomes: 'return;',
  },
  {
    fault: 'a client behind a trimmed event goes on as if it were there',
    file: 'resume.js',
    text: 'return next >= log.floorSeq',
    becomes: 'return next >= log.floorSeq - 1',
    seed: 4,
  },
  {
    fault: 'look-up goes on at the event itself',
    file: 'resume.js',
    text: 'return indexed + 1;',
    becomes: 'return indexed;',
  },
  {
    fault: 'a gap counts one lost event too many',
    file: 'resume.js',
    text: 'log.floorSeq - seq;',
    becomes: 'log.floorSeq - seq + 1;',
  },
  {
    fault: 'a trimmed break counts as one lost event',
    file: 'resume.js',
    text: 'log.newestTaggedTrimmed >= seq',
    becomes: 'false',
  },
  {
    fault: 'an anchor is trusted below the floor',
    file: 'resume.js',
    text: 'anchor.seq >= log.floorSeq',
    becomes: 'true',
  },
  {
    fault: 'a private replay meets the log one event late',
    file: 'read-through.js',
    text: 'return seq < 0 ? -1 : seq + 1;',
    becomes: 'return seq < 0 ? -1 : seq + 2;',
    seed: 7,
  },
  {
    fault: 'the event where a private replay meets the log is passed over',
    file: 'read-through.js',
    text: 'this.#settle({ seq });\n        return true;',
    becomes: 'this.#settle({ seq: seq + 1 });\n        return true;',
  },
  {
    fault: 'a slow client goes on at the floor, untold',
    file: 'downstream/subscriber.js',
    text: 'cursor.moveTo(cursor.log.tip);',
    becomes: 'cursor.moveTo(cursor.log.floor); return this.pump();',
  },
  {
    fault: 'what a slow client skips is not counted as dropped',
    file: 'downstream/subscriber.js',
    text: "this.#host.dropped('lagged', lost);",
    becomes: '',
  },
  {
    fault: 'a slice is not unpinned when its write is over',
    file: 'downstream/subscriber.js',
    text: "this.#host.dropped('aborted', slice.events);\n            slice.unpin();",
    becomes: "this.#host.dropped('aborted', slice.events);",
  },
  {
    fault: 'a published event waits for the next of the upstream',
    file: 'ingest.js',
    text: 'this.#place), id === undefined);\n        this.#flush();',
    becomes: 'this.#place), id === undefined);',
  },
  {
    fault: 'the own id of a published event is no place to resume at',
    file: 'ingest.js',
    text: 'prepared, id, this.#place), id === undefined);',
    becomes: 'prepared, id, this.#place), false);',
  },
  {
    fault: 'a published event without an id gets that of the next one',
    file: 'ingest.js',
    text: 'this.#mint(this.continuity.cursor);',
    becomes: 'this.#mint(undefined)?.replace(/^\\d+/, (seq) => Number(seq) + 1);',
  },
  {
    fault: 'a stream lasts longer than it may',
    file: 'subscribers.js',
    text: '(0.8 + 0.2 * random())',
    becomes: '(1.5 + 0.2 * random())',
  },
  {
    fault: 'a stream that ends is not told when to come back',
    file: 'downstream/subscriber.js',
    text: 'this.#sink.end(last);',
    becomes: 'this.#sink.end();',
  },
  {
    fault: 'a drain sends clients back before its end',
    file: 'drain.js',
    text: 'Math.max(0, endsAt - clock.now()) +',
    becomes: '0 +',
  },
  {
    fault: 'a drain forgets who waits for an id',
    file: 'subscribers.js',
    text: 'yield* this.#readThroughs.subscribers();',
    becomes: '',
  },
  {
    fault: 'a linger outlives its channel',
    file: 'demand.js',
    text: 'this.#ended = true;\n        this.#linger?.cancel();',
    becomes: 'this.#ended = true;',
  },
];
