/** A source with several URLs, over real sockets: where it asks, with which id, and what it tells. */
import t from 'tap';
import { rig } from './rig.js';
import { serve, serveRaw, status, stream } from './server.js';

const id = (text: string) => new TextEncoder().encode(text);
/** Accepts and closes at once. */
const closing = (t: Parameters<typeof serveRaw>[0]) => serveRaw(t, (socket) => socket.destroy());

t.test('an attempt that fails is followed at once by one at the next URL', async (t) => {
  const [a, b] = [await serve(t, status(503)), await serve(t, stream('data:1\n\n'))];
  const r = rig(t, [a.url, b.url]);
  t.equal(r.source.status.origin, new URL(a.url).origin);
  r.source.open();
  await r.next('connected');
  t.equal(r.source.status.origin, new URL(b.url).origin);
  t.same(
    r.notes.filter((note) => !note.startsWith('received')),
    [
      ...['state connecting', 'connecting 1', 'disconnected status'],
      ...['state connecting', 'connecting 2', 'state open', 'connected'],
    ],
    'it never rests between the two, and a first stream is no switch',
  );
});

t.test('a switch of the stream is told, opens fresh, and is elsewhere unless ids are shared', async (t) => {
  for (const sharedIds of [false, true]) {
    const a = await serve(t, stream('id:7\ndata:1\n\n'), status(503));
    const b = await serve(t, stream('data:2\n\n'));
    const r = rig(t, [a.url, b.url], { sharedIds });
    r.inlet.cursor = id('7');
    r.inlet.retryMs = 20_000;
    r.source.open();
    await r.holds('data:1');
    a.sockets[0]!.destroy();
    await r.next('state backoff');
    t.equal(a.requests.length, 1);
    r.passDelay();
    await r.next('connected');
    await r.holds('data:2');
    t.equal(a.requests[1]?.headers['last-event-id'], '7', 'the same upstream is asked with its id first');
    t.equal(b.requests[0]?.headers['last-event-id'], sharedIds ? '7' : undefined);
    t.same(r.inlet.begunElsewhere, [false, !sharedIds]);
    t.same(
      r.notes.filter((note) => note.startsWith('switched')),
      [`switched ${new URL(b.url).origin}`],
    );
  }
});

t.test('an upstream’s retry: is no delay of another', async (t) => {
  const a = await serve(t, stream('data:1\n\n'), status(503));
  const b = await closing(t);
  const r = rig(t, [a.url, b.url]);
  r.inlet.retryMs = 20_000;
  r.source.open();
  await r.holds('data:1');
  a.sockets[0]!.destroy();
  await r.next('state backoff');
  r.passDelay();
  await r.next('state backoff');
  t.equal(r.source.status.origin, new URL(b.url).origin);
  t.equal(r.source.status.retryAt! - r.clock.now(), 1_000);
});

t.test('the answer for good of one URL does not fail the channel, that of all does', async (t) => {
  const a = await serve(t, status(404));
  const b = await serve(t, status(503), status(401), stream('data:1\n\n'));
  const r = rig(t, [a.url, b.url], { retryFailedMs: 50_000 });
  r.source.open();
  await r.next('state backoff');
  t.same([a.requests.length, b.requests.length], [1, 1]);
  r.passDelay();
  await r.next('state failed');
  t.same([a.requests.length, b.requests.length], [1, 2]);
  t.match(r.source.status, { attempts: 3, lastError: { message: /401/ } });
  r.passDelay();
  r.source.open();
  await r.next('state failed');
  t.same([a.requests.length, b.requests.length], [2, 2], 'the one whose time has come is tried again');
});

t.test('a URL that answered for good is tried again after retryFailedMs while others are down', async (t) => {
  const a = await serve(t, status(404), stream('data:1\n\n'));
  const b = await closing(t);
  const r = rig(t, [a.url, b.url], { retryFailedMs: 5_000 });
  r.source.open();
  while (a.requests.length < 2) {
    await r.next('state backoff');
    r.passDelay();
    await r.next('connecting');
    if (r.source.status.origin === new URL(a.url).origin) break;
  }
  await r.next('connected');
  t.equal(r.clock.now() >= 5_000, true);
});

t.test('closing in the middle of a switch stays closed', async (t) => {
  const [a, b] = [await serve(t, status(503)), await serve(t, stream('data:1\n\n'))];
  const r = rig(t, [a.url, b.url]);
  r.onNote = (note) => {
    if (note === 'disconnected status') r.source.close('idle');
  };
  r.source.open();
  await r.next('state idle');
  t.equal(r.source.status.state, 'idle');
  t.equal(r.clock.pending, 0);
  r.onNote = () => {};
  r.source.open();
  await r.next('connected');
  t.equal(b.requests.length, 1, 'it goes on where it was about to');
});
