import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import t from 'tap';
import { frameSize, writeFields, writeFrame } from '../../src/sse/encoder.js';
import { type FrameId, FramePlace } from '../../src/sse/frame.js';
import { Parser } from '../../src/sse/parser.js';
import { chunkedStreams, fuzzRuns } from '../fixtures/sse/arbitraries.js';
import { STREAMS } from '../fixtures/sse/streams.js';
import { MAX_EVENT_BYTES } from './reading.js';
import { interpret, type ReferenceEvent } from './reference.js';

/** Bytes before and behind each frame, to see that only the frame is written. */
const MARGIN = 3;

interface Framed {
  readonly frame: Buffer;
  readonly block: Buffer;
  readonly verbatim: boolean;
  readonly hasId: boolean;
  /** The id that `place` points at, undefined for none. */
  readonly id: Buffer | undefined;
}

/** Parses the chunks and frames every record, `idOf` giving the n-th its id. */
function frames(
  chunks: Iterable<Buffer>,
  idOf: (n: number) => FrameId | undefined,
  write = writeFrame,
): Framed[] {
  const framed: Framed[] = [];
  const place = new FramePlace();
  const parser = new Parser(
    (bytes, records) => {
      for (let i = 0; i < records.count; i++) {
        const id = idOf(framed.length);
        const size = frameSize(records, i, id);
        const target = Buffer.alloc(size + 2 * MARGIN, 0x7e);
        const length = write(target, MARGIN, bytes, records, i, id, place);
        if (length > size) throw new Error(`a frame of ${length} bytes, announced were ${size}`);
        if (target.subarray(0, MARGIN).toString() !== '~~~') throw new Error('written before the frame');
        if (target.subarray(MARGIN + length).some((byte) => byte !== 0x7e))
          throw new Error('written behind the frame');
        const frame = target.subarray(MARGIN, MARGIN + length);
        const { idOffset, idLength } = place;
        framed.push({
          frame,
          block: Buffer.from(bytes.subarray(records.start(i), records.end(i))),
          verbatim: records.verbatim(i),
          hasId: records.hasId(i),
          id: idOffset < 0 ? undefined : frame.subarray(idOffset, idOffset + idLength),
        });
      }
    },
    { maxEventBytes: MAX_EVENT_BYTES },
  );
  for (const chunk of chunks) parser.feed(chunk);
  return framed;
}

function frameText(stream: string, id?: FrameId): string {
  return frames([Buffer.from(stream)], () => id)
    .map(({ frame }) => frame.toString())
    .join('|');
}

/** What a client may see of a type: a NUL in it is replaced. */
function cleaned(events: readonly ReferenceEvent[]): ReferenceEvent[] {
  return events.map((event) => ({ ...event, type: event.type.replaceAll('\0', '\ufffd') }));
}

const own = () => undefined;

t.test('a frame has LF line ends, one space per field, and the order id, event, data', async (t) => {
  t.equal(frameText('data:a\rdata\revent:e\rfoo: x\r: hb\rid:1\r\r'), 'id: 1\nevent: e\ndata: a\ndata: \n\n');
});

t.test('an event without an id gets no id line, an empty id gets an empty one', async (t) => {
  t.equal(frameText('data: a\n\n'), 'data: a\n\n');
  t.equal(frameText('id\ndata: a\n\n'), 'id: \ndata: a\n\n');
  t.equal(frameText('id: 1\nid:\ndata: a\n\n'), 'id: \ndata: a\n\n');
});

t.test('an id alone is framed alone, without the event type that names nothing', async (t) => {
  t.equal(frameText('id: 1\n\n'), 'id: 1\n\n');
  t.equal(frameText('id: 1\nevent: e\n\n'), 'id: 1\n\n');
  t.equal(frameText('event: e\n\n'), '', 'and a block with neither is no record');
});

t.test('a NUL in an event type is replaced, one in data stays', async (t) => {
  t.equal(frameText('event: \0a\0\ndata: \0\n\n'), 'event: \ufffda\ufffd\ndata: \0\n\n');
});

t.test(
  'a given id comes first or stands in for the own one, in a verbatim block and in any other',
  async (t) => {
    for (const id of ['17-x;…', '', 'a'.repeat(600)]) {
      for (const given of [Buffer.from(id), ...(/^\w*$/.test(id) ? [id] : [])]) {
        const head = `id: ${id}\n`;
        t.equal(frameText('data: a\n\n', given), `${head}data: a\n\n`);
        t.equal(frameText('id: 1\ndata: a\n\n', given), `${head}data: a\n\n`);
        t.equal(frameText('id: 1\n\n', given), `${head}\n`);
        t.equal(frameText('data:a\n\n', given), `${head}data: a\n\n`);
        t.equal(frameText('data: a\nid: 1\n\n', given), `${head}data: a\n\n`);
        const [framed] = frames([Buffer.from('id: 1\ndata: a\n\n')], () => given);
        t.equal(framed!.id!.toString(), id, 'and its place is known');
      }
    }
  },
);

t.test('which blocks may be copied as they are', async (t) => {
  const verbatim = ['data: a\n\n', 'id: 1\n\n', 'id: \ndata: \n\n', 'id: 1\nevent: e\ndata:  a\ndata: b\n\n'];
  const loose = [
    'data:a\n\n',
    'data\n\n',
    'data: a\r\n\r\n',
    'data: a\n\r',
    'data: a\r\n\n',
    'data: a\n: hb\n\n',
    'data: a\nretry: 5\n\n',
    'data: a\nid: 1\n\n',
    'event: e\nid: 1\ndata: a\n\n',
    'data: a\nevent: e\n\n',
    'id: 1\nid: 2\ndata: a\n\n',
    'id: 1\nid: \0\ndata: a\n\n',
    'event: e\nevent: f\ndata: a\n\n',
    'event: \ndata: a\n\n',
    'event: \0\ndata: a\n\n',
    'id: 1\nevent: e\n\n',
    'id:1\ndata: a\n\n',
    'event:e\ndata: a\n\n',
  ];
  const verdicts = (blocks: string[]) =>
    blocks.map((block) => frames([Buffer.from(block)], own)[0]!.verbatim);
  t.strictSame(
    verdicts(verbatim),
    verbatim.map(() => true),
  );
  t.strictSame(
    verdicts(loose),
    loose.map(() => false),
  );
  t.ok(
    frames([Buffer.from(': hb\r\nretry: 5\r\nfoo\r\ndata: a\n\n')], own)[0]!.verbatim,
    'what stands before is no part',
  );
});

t.test('a long verbatim block is copied like a short one', async (t) => {
  const stream = `id: 1\ndata: ${'x'.repeat(5_000)}\n\n`;
  t.equal(frameText(stream), stream);
  t.equal(frameText(stream, '2'), stream.replace('id: 1', 'id: 2'));
});

t.test('the frames of a fixture are read as the fixture itself', async (t) => {
  for (const { name, bytes, events, lastEventId } of STREAMS) {
    const again = interpret(Buffer.concat(frames([bytes], own).map(({ frame }) => frame)));
    t.strictSame(again, { events: cleaned(events), lastEventId, retry: -1 }, name);
  }
});

t.test('the frames of any stream in any chunks are read as the stream itself', async (t) => {
  fc.assert(
    fc.property(chunkedStreams, ({ bytes, chunks }) => {
      const again = interpret(Buffer.concat(frames(chunks, own).map(({ frame }) => frame)));
      const { events, lastEventId } = interpret(bytes);
      return JSON.stringify(again) === JSON.stringify({ events: cleaned(events), lastEventId, retry: -1 });
    }),
    { numRuns: fuzzRuns() },
  );
  t.pass('same events');
});

t.test('a verbatim block is byte for byte its frame, and no other block is', async (t) => {
  fc.assert(
    fc.property(chunkedStreams, ({ chunks }) =>
      frames(chunks, own, writeFields).every(
        ({ frame, block, verbatim }) => frame.equals(block) === verbatim,
      ),
    ),
    { numRuns: fuzzRuns() },
  );
  t.pass('equal');
});

t.test('the copy in one go and its slow twin write the same, with any id', async (t) => {
  const ids = fc.constantFrom<FrameId | undefined>(undefined, '', '7-a', Buffer.from('é;…'), Buffer.alloc(0));
  fc.assert(
    fc.property(chunkedStreams, ids, ({ chunks }, id) => {
      const fast = frames(chunks, () => id);
      const slow = frames(chunks, () => id, writeFields);
      return JSON.stringify(fast) === JSON.stringify(slow);
    }),
    { numRuns: fuzzRuns() },
  );
  t.pass('same bytes and places');
});

t.test('the place of an id is where a client reads it', async (t) => {
  fc.assert(
    fc.property(chunkedStreams, ({ chunks }) =>
      frames(chunks, own).every(
        ({ frame, id, hasId }) =>
          hasId === (id !== undefined) &&
          interpret(frame).lastEventId === new TextDecoder('utf-8', { ignoreBOM: true }).decode(id),
      ),
    ),
    { numRuns: fuzzRuns() },
  );
  t.pass('same id');
});
