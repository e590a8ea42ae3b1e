import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import t from 'tap';
import { type FrameId, FramePlace } from '../../src/sse/frame.js';
import { checkLocal, type LocalEvent, localSize, prepareLocal, writeLocal } from '../../src/sse/local.js';
import { fuzzRuns } from '../fixtures/sse/arbitraries.js';
import { interpret } from './reference.js';

function frame(event: LocalEvent, id?: FrameId): { text: string; id: string | undefined } {
  const prepared = prepareLocal(event);
  const target = Buffer.alloc(localSize(prepared, id) + 1, 0x7e);
  const place = new FramePlace();
  const length = writeLocal(target, 0, prepared, id, place);
  if (length >= target.length) throw new Error('larger than announced');
  const { idOffset, idLength } = place;
  return {
    text: target.toString('utf8', 0, length),
    id: idOffset < 0 ? undefined : target.toString('utf8', idOffset, idOffset + idLength),
  };
}

t.test('an id or an event type with CR, LF or NUL is refused with a code', async (t) => {
  for (const foul of ['a\n', 'a\rb', '\0']) {
    t.equal(checkLocal({ id: foul, data: '' }), 'id-invalid');
    t.equal(checkLocal({ event: foul, data: '' }), 'event-invalid');
  }
  t.equal(checkLocal({ id: '', event: '', data: '\r\n\0' }), undefined);
  t.equal(checkLocal({ id: 'é', event: ' e ', data: new Uint8Array() }), undefined);
});

t.test('data is split at every kind of line end', async (t) => {
  t.equal(
    frame({ data: 'a\nb\rc\r\nd\n\re' }).text,
    'data: a\ndata: b\ndata: c\ndata: d\ndata: \ndata: e\n\n',
  );
  t.equal(frame({ data: Buffer.from('a\r\n') }).text, 'data: a\ndata: \n\n');
  t.equal(frame({ data: '' }).text, 'data: \n\n');
});

t.test('fields come in the order id, event, data, and only those that say something', async (t) => {
  t.equal(frame({ event: 'e', id: '1', data: 'a' }).text, 'id: 1\nevent: e\ndata: a\n\n');
  t.equal(frame({ event: '', data: 'a' }).text, 'data: a\n\n');
  t.equal(frame({ id: '', data: 'a' }).text, 'id: \ndata: a\n\n');
});

t.test('a given id wins, and the place of the id that was written is known', async (t) => {
  t.strictSame(frame({ id: '1', data: 'a' }, '2'), { text: 'id: 2\ndata: a\n\n', id: '2' });
  t.strictSame(frame({ id: 'é', data: 'a' }), { text: 'id: é\ndata: a\n\n', id: 'é' });
  t.strictSame(frame({ data: 'a' }, Buffer.from('é')), { text: 'id: é\ndata: a\n\n', id: 'é' });
  t.strictSame(frame({ data: 'a' }), { text: 'data: a\n\n', id: undefined });
});

t.test('bytes that are no UTF-8 and lone surrogates are repaired', async (t) => {
  t.equal(frame({ data: Uint8Array.of(0x61, 0xff) }).text, 'data: a\ufffd\n\n');
  t.equal(frame({ data: '\ud800', id: '\udc00' }).text, 'id: \ufffd\ndata: \ufffd\n\n');
});

t.test('whatever passes the check is read as it was meant', async (t) => {
  const text = fc.string({
    unit: fc.oneof(fc.constantFrom('\n', '\r', '\r\n', '\0', ' ', ':'), fc.string()),
    maxLength: 12,
  });
  const name = fc.option(text, { nil: undefined });
  fc.assert(
    fc.property(
      fc.record({ id: name, event: name, data: text }),
      fc.boolean(),
      ({ id, event, data }, asBytes) => {
        const local = { id, event, data: asBytes ? Buffer.from(data) : data };
        if (checkLocal(local) !== undefined) return /[\0\n\r]/.test(`${id}${event}`);
        const read = interpret(Buffer.from(frame(local).text)).events;
        const expected = [
          { type: event || 'message', data: data.replace(/\r\n?/g, '\n'), lastEventId: id ?? '' },
        ];
        return JSON.stringify(read) === JSON.stringify(expected);
      },
    ),
    { numRuns: fuzzRuns() },
  );
  t.pass('same event');
});
