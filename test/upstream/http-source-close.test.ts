import t from 'tap';
import { rig } from './rig.js';
import { ending, serve, serveSilence, status, stream } from './server.js';

t.test('closing and opening is no way around the refusal of a failed source', async (t) => {
  const upstream = await serve(t, status(404));
  const r = rig(t, upstream.url);
  r.source.open();
  await r.next('state failed');
  r.source.close('idle');
  r.source.open();
  t.equal(r.source.status.state, 'failed');
  r.clock.advance(60_000);
  r.source.close('idle');
  t.equal(r.source.status.state, 'idle');
});

t.test('closing and opening is no way around a delay', async (t) => {
  const upstream = await serve(t, status(503, { 'Retry-After': '20' }), stream('data:1\n\n'));
  const r = rig(t, upstream.url);
  r.source.open();
  await r.next('state backoff');
  r.clock.advance(15_000);
  r.source.close('idle');
  t.equal(r.clock.pending, 0);
  t.match(r.source.status, { state: 'idle', retryAt: undefined });
  r.source.open();
  t.equal(r.source.status.state, 'backoff');
  t.equal(r.passDelay(), 6_000);
  await r.next('connected');
});

t.test('a source opened again after its delay passed connects at once', async (t) => {
  const upstream = await serve(t, status(503), stream('data:1\n\n'));
  const r = rig(t, upstream.url);
  r.source.open();
  await r.next('state backoff');
  r.source.close('idle');
  r.clock.advance(1_000);
  r.source.open();
  t.equal(r.source.status.state, 'connecting');
  await r.next('connected');
});

t.test('close really closes the socket of an open stream', async (t) => {
  const upstream = await serve(t, stream('data:1\n\n'));
  const r = rig(t, upstream.url);
  r.source.open();
  await r.next('received');
  r.source.close('idle');
  t.same(r.notes.slice(-2), ['disconnected idle', 'state idle']);
  t.equal(r.lastError, undefined);
  t.equal(r.inlet.ends, 1);
  t.equal(r.clock.pending, 0);
  await upstream.closed();
});

t.test('close while connecting closes the socket and reports nothing later', async (t) => {
  const upstream = await serveSilence(t, 'https');
  const r = rig(t, upstream.url);
  r.source.open();
  await upstream.accepted();
  r.source.close('idle');
  await upstream.closed();
  t.same(r.notes, ['state connecting', 'connecting 1', 'disconnected idle', 'state idle']);
  t.equal(r.clock.pending, 0);
});

t.test('close before the socket is even asked for by the system is fine', async (t) => {
  const upstream = await serve(t, stream('data:1\n\n'));
  const r = rig(t, upstream.url);
  r.source.open();
  r.source.close('idle');
  r.source.open();
  await r.holds('data:1\n\n');
  t.same(r.inlet.begun, [false], 'only the second connection reached the inlet');
});

t.test('close twice, and close of an idle source, say nothing', async (t) => {
  const upstream = await serve(t, stream('data:1\n\n'));
  const r = rig(t, upstream.url);
  r.source.close('idle');
  t.same(r.notes, []);
  r.source.open();
  await r.next('connected');
  r.source.close('idle');
  const said = r.notes.length;
  r.source.close('idle');
  t.equal(r.notes.length, said);
});

t.test('shutdown is final in every state', async (t) => {
  const upstream = await serve(t, stream('data:1\n\n'));
  const down = await serve(t, status(500));
  const gone = await serve(t, status(404));
  const cases: [url: string, note: string | undefined][] = [
    [upstream.url, undefined],
    [upstream.url, 'state connecting'],
    [upstream.url, 'connected'],
    [down.url, 'state backoff'],
    [gone.url, 'state failed'],
  ];
  for (const [url, note] of cases) {
    const r = rig(t, url);
    if (note !== undefined) r.source.open();
    if (note !== undefined) await r.next(note);
    r.source.close('shutdown');
    t.equal(r.source.status.state, 'closed', note ?? 'idle');
    t.equal(r.clock.pending, 0);
    const said = r.notes.length;
    r.source.open();
    r.source.close('idle');
    t.equal(r.source.status.state, 'closed');
    t.equal(r.notes.length, said);
  }
});

t.test('an observer may close the source from within any call', async (t) => {
  const upstream = await serve(t, ending('data:1\n\n'));
  const starts = [
    'state connecting',
    'connecting 1',
    'state open',
    'connected',
    'received',
    'disconnected ended',
    'state backoff',
  ];
  for (const start of starts) {
    const r = rig(t, upstream.url);
    r.onNote = (note) => {
      if (!note.startsWith(start)) return;
      r.onNote = () => {};
      r.source.close('idle');
    };
    r.source.open();
    await r.next('state idle');
    t.equal(r.source.status.state, 'idle', start);
    t.equal(r.notes.at(-1), 'state idle', start);
    t.equal(r.notes.filter((note) => note === 'state idle').length, 1, `${start}: said once`);
    t.equal(r.clock.pending, 0, start);
    t.equal(r.inlet.ends, r.inlet.begun.length, start);
  }
});

t.test('an observer may close and open the source when it hears of an end', async (t) => {
  const upstream = await serve(t, ending('data:1\n\n'), stream('data:2\n\n'));
  const r = rig(t, upstream.url);
  r.onNote = (note) => {
    if (note !== 'disconnected ended') return;
    r.source.close('idle');
    r.source.open();
  };
  r.source.open();
  await r.next('disconnected ended');
  t.equal(r.source.status.state, 'backoff');
  r.passDelay();
  await r.holds('data:2\n\n');
  t.equal(upstream.requests.length, 2);
});

t.test('an observer may close the source of an impossible URL before the attempt', async (t) => {
  const r = rig(t, 'not a url');
  r.onNote = (note) => {
    if (note === 'connecting 1') r.source.close('idle');
  };
  r.source.open();
  t.same(r.notes, ['state connecting', 'connecting 1', 'disconnected idle', 'state idle']);
});

t.test('a close from within a write to the inlet ends the connection in silence', async (t) => {
  const upstream = await serve(t, stream('data:1\n\n'));
  const r = rig(t, upstream.url);
  r.inlet.onWrite = () => r.source.close('idle');
  r.source.open();
  await r.next('state idle');
  t.same(r.notes.slice(-3), ['connected', 'disconnected idle', 'state idle']);
  await upstream.closed();
});
