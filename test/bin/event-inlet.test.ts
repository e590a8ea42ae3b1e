import t from 'tap';
import { EventInlet, type StreamEvent } from '../../bin/event-inlet.js';

function inlet(lastEventId = '', maxEventBytes = 1_024): { inlet: EventInlet; events: StreamEvent[] } {
  const events: StreamEvent[] = [];
  return { inlet: new EventInlet(lastEventId, maxEventBytes, (event) => events.push(event)), events };
}

t.test('fields become an event, and the last id holds until the next', async (t) => {
  const { inlet: reader, events } = inlet();
  reader.begin(false);
  reader.write(
    Buffer.from('data: a\n\nid: 1\nevent: x\ndata: b\ndata:\ndata: c\n\ndata: ü\n\nid\ndata: d\n\n'),
  );
  t.same(events, [
    { id: '', event: 'message', data: 'a' },
    { id: '1', event: 'x', data: 'b\n\nc' },
    { id: '1', event: 'message', data: 'ü' },
    { id: '', event: 'message', data: 'd' },
  ]);
  t.equal(reader.events, 4);
  t.equal(reader.cursor, undefined);
});

t.test('the cursor begins where it is told and follows ids without data', async (t) => {
  const { inlet: reader, events } = inlet('ü17');
  t.same(Buffer.from(reader.cursor!).toString(), 'ü17');
  reader.begin(true);
  t.equal(reader.resumed, true);
  reader.write(Buffer.from('id: 18\n\nretry: 250\n\n'));
  t.equal(reader.lastEventId, '18');
  t.equal(reader.retryMs, 250);
  t.same(events, []);
});

t.test('half an event dies with its connection; id and retry outlive it', async (t) => {
  const { inlet: reader, events } = inlet();
  reader.begin(false);
  reader.write(Buffer.from('retry: 9\nid: 1\ndata: a\n\nid: 2\ndata: ha'));
  reader.end();
  t.equal(reader.lastEventId, '1');
  reader.begin(true);
  t.equal(reader.events, 0);
  reader.write(Buffer.from('lf\n\ndata: b\n\n'));
  t.same(events, [
    { id: '1', event: 'message', data: 'a' },
    { id: '1', event: 'message', data: 'b' },
  ]);
  t.equal(reader.retryMs, 9);
});

t.test('an event above the limit is refused', async (t) => {
  const { inlet: reader } = inlet('', 64);
  reader.begin(false);
  t.equal(reader.write(Buffer.from(`data: ${'x'.repeat(100)}`)), 'event-too-large');
});
