import fc from 'fast-check';
import t from 'tap';
import { endFrame, GAP_REASONS, type Gap, gapFrame } from '../src/gap.js';
import { type SseEvent, SseLines } from './helpers/sse-lines.js';

const GAP: Gap = { from: '5', resume: '9', lost: 3, repeats: false, reason: 'trimmed' };

function read(frame: Buffer): { events: SseEvent[]; retry: number[] } {
  const events: SseEvent[] = [];
  const retry: number[] = [];
  const lines = new SseLines({
    event: (event) => events.push(event),
    comment: () => {},
    retry: (ms) => retry.push(ms),
  });
  lines.push(frame);
  if (!lines.atBoundary) throw new Error('the frame is not whole');
  return { events, retry };
}

function fields(frame: Buffer): Gap {
  return JSON.parse(read(frame).events[0]!.data) as Gap;
}

t.test('a gap is one event of type gateway.gap that says all five fields', async (t) => {
  const { events } = read(gapFrame(GAP));
  t.equal(events.length, 1);
  t.match(events[0], { type: 'gateway.gap', idField: undefined });
  t.same(JSON.parse(events[0]!.data), GAP);
  for (const reason of GAP_REASONS) t.equal(fields(gapFrame({ ...GAP, reason })).reason, reason);
});

t.test('with an id the client resumes behind the gap', async (t) => {
  t.equal(read(gapFrame(GAP, '9-abc')).events[0]?.idField, '9-abc');
});

t.test('nothing known is null, not missing', async (t) => {
  t.match(
    gapFrame({ ...GAP, from: null, resume: null, lost: null }).toString(),
    '"from":null,"resume":null,"lost":null',
  );
});

t.test('an id of any characters stays one event, and comes back as it was up to 256 bytes', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (id) => {
      const { events } = read(gapFrame({ ...GAP, from: id }));
      if (events.length !== 1) return false;
      const told = (JSON.parse(events[0]!.data) as Gap).from!;
      return (
        id.startsWith(told) && Buffer.byteLength(told) <= 256 && (told === id || Buffer.byteLength(id) > 256)
      );
    }),
    { numRuns: 1_000 },
  );
  t.pass();
});

t.test('an id is cut at the edge of a character, and loses no more of it than needed', async (t) => {
  for (const [character, size] of [
    ['é', 2],
    ['€', 3],
    ['😀', 4],
  ] as const) {
    for (let before = 0; before < size; before += 1) {
      const id = 'x'.repeat(before) + character.repeat(200);
      const told = fields(gapFrame({ ...GAP, from: id, resume: id })).from!;
      t.ok(id.startsWith(told), `${character} behind ${before}`);
      t.equal(Buffer.byteLength(told), before + Math.floor((256 - before) / size) * size);
    }
  }
  t.equal(fields(gapFrame({ ...GAP, from: 'x'.repeat(256) })).from?.length, 256);
  t.equal(fields(gapFrame({ ...GAP, from: 'x'.repeat(257) })).from?.length, 256);
});

t.test('the end says why, and when to come back in whole milliseconds', async (t) => {
  const { events, retry } = read(endFrame('SSE_GATEWAY_UPSTREAM_FAILED', 1_234.5));
  t.same(retry, [1_235]);
  t.match(events, [{ type: 'gateway.end', data: '{"reason":"SSE_GATEWAY_UPSTREAM_FAILED"}' }]);
});
