import t, { type Test } from 'tap';
import { type DemoUpstreamOptions, startDemoUpstream } from '../../demo/upstream.js';
import { ManualClock, seededRandom } from '../helpers/manual-clock.js';
import { range, read } from './reader.js';

async function start(t: Test, options: DemoUpstreamOptions = {}) {
  const clock = new ManualClock();
  const upstream = await startDemoUpstream({ clock, random: seededRandom(7), hiccups: false, ...options });
  t.teardown(() => upstream.close());
  return { clock, upstream };
}

t.test('a new client gets the last five events at once, and then every one as it happens', async (t) => {
  const { clock, upstream } = await start(t);
  const reading = await read(upstream.url);
  t.equal(reading.response.statusCode, 200);
  t.equal(reading.response.headers['content-type'], 'text/event-stream; charset=utf-8');
  await reading.events(5);
  t.match(reading.text, /^retry: 1000$/m);
  clock.advance(11_000);
  await reading.events(upstream.stats.events);
  t.same(reading.ns, range(1, upstream.stats.events));
  t.match(reading.text, /\n\n: still here\n\n/, 'heartbeats are comments between events');
  t.match(upstream.stats, { clients: 1, accepted: 1, resumed: 0, refused: 0 });
});

t.test('a client that names its last event gets all those behind it, and none twice', async (t) => {
  const { clock, upstream } = await start(t);
  const first = await read(upstream.url);
  await first.events(5);
  first.response.destroy();
  await first.over();
  clock.advance(20_000);
  const second = await read(upstream.url, first.lastId!);
  clock.advance(5_000);
  const { events } = upstream.stats;
  await second.events(events - 5);
  t.same([...first.ns, ...second.ns], range(1, events));
  t.equal(upstream.stats.resumed, 1);
});

t.test('the last 2,000 events can be resumed, and an older one is gone', async (t) => {
  const { clock, upstream } = await start(t);
  const reading = await read(upstream.url);
  await reading.events(5);
  const run = reading.lastId!.split('.')[1];
  reading.response.destroy();
  clock.advance(300_000);
  const { events } = upstream.stats;
  t.ok(events > 2_001, `${events} events`);
  const whole = await read(upstream.url, `${events - 2_000}.${run}`);
  await whole.events(2_000);
  t.same(whole.ns, range(events - 1_999, events));
  const older = await read(upstream.url, `${events - 2_001}.${run}`);
  t.equal(older.response.statusCode, 410);
  t.equal(upstream.stats.resumed, 1);
});

t.test(
  'an id of another run, of the future or of another making is refused, so that no hole goes unnoticed',
  async (t) => {
    const { upstream } = await start(t);
    const fresh = await read(upstream.url);
    await fresh.events(5);
    const run = fresh.lastId!.split('.')[1];
    for (const id of ['2.otherrun', `6.${run}`, `-1.${run}`, '2', 'Möwe', `2.${run};3`]) {
      const reading = await read(upstream.url, id);
      t.equal(reading.response.statusCode, 410, id);
    }
    t.equal(upstream.stats.resumed, 0);
  },
);

t.test('cut() breaks every stream inside an event, which comes whole to those who resume', async (t) => {
  const { upstream } = await start(t);
  const readings = [await read(upstream.url), await read(upstream.url)];
  for (const reading of readings) await reading.events(5);
  upstream.cut();
  for (const reading of readings) {
    t.equal(await reading.over(), false, 'no clean end');
    t.notOk(reading.text.endsWith('\n\n'), 'a fragment is left over');
    t.same(reading.ns, range(1, 5));
  }
  const resumed = await read(upstream.url, readings[0]!.lastId!);
  await resumed.events(1);
  t.same(resumed.ns, [6]);
  t.same(upstream.stats.hiccups, { cut: 1, end: 0, refuse: 0 });
});

t.test('hiccups come by the clock: a cut', async (t) => {
  const { clock, upstream } = await start(t, { hiccups: true, random: () => 0.1 });
  const reading = await read(upstream.url);
  await reading.events(5);
  clock.advance(21_999);
  t.same(upstream.stats.hiccups, { cut: 0, end: 0, refuse: 0 });
  clock.advance(1);
  t.same(upstream.stats.hiccups, { cut: 1, end: 0, refuse: 0 });
  t.equal(await reading.over(), false);
  t.notOk(reading.text.endsWith('\n\n'));
});

t.test('hiccups come by the clock: a clean end, between events', async (t) => {
  const { clock, upstream } = await start(t, { hiccups: true, random: () => 0.5 });
  const reading = await read(upstream.url);
  await reading.events(5);
  clock.advance(30_000);
  t.same(upstream.stats.hiccups, { cut: 0, end: 1, refuse: 0 });
  t.equal(await reading.over(), true);
  t.ok(reading.text.endsWith('\n\n'));
});

t.test('hiccups come by the clock: seconds of 503, while events go on and are kept', async (t) => {
  const { clock, upstream } = await start(t, { hiccups: true, random: () => 0.9 });
  const reading = await read(upstream.url);
  await reading.events(5);
  clock.advance(38_000);
  t.equal(await reading.over(), false);
  const known = reading.ns.at(-1)!;
  const refused = await read(upstream.url, reading.lastId!);
  t.equal(refused.response.statusCode, 503);
  t.equal(refused.response.headers['retry-after'], '1');
  clock.advance(4_700);
  const { events } = upstream.stats;
  const resumed = await read(upstream.url, reading.lastId!);
  await resumed.events(events - known);
  t.same(resumed.ns, range(known + 1, events));
  t.match(upstream.stats, { refused: 1, resumed: 1 });
});

t.test('every hiccup is 20 to 40 s after the one before, and each kind has its turn', async (t) => {
  const { clock, upstream } = await start(t, { hiccups: true });
  const total = () => Object.values(upstream.stats.hiccups).reduce((sum, count) => sum + count);
  const at = [clock.now()];
  while (at.length < 20) {
    clock.advance(100);
    if (total() === at.length) at.push(clock.now());
  }
  for (const [i, time] of at.slice(1).entries()) {
    const ms = time - at[i]!;
    t.ok(ms >= 19_900 && ms <= 40_100, `${ms} ms`);
  }
  for (const [kind, count] of Object.entries(upstream.stats.hiccups)) t.ok(count > 0, kind);
});

t.test('it has lulls near 5 and bursts near 20 events a second', async (t) => {
  const { clock, upstream } = await start(t);
  const perSecond = Array.from({ length: 180 }, () => {
    const before = upstream.stats.events;
    clock.advance(1_000);
    return upstream.stats.events - before;
  });
  const mean = perSecond.reduce((sum, count) => sum + count) / perSecond.length;
  t.ok(mean > 6 && mean < 18, `mean ${mean}`);
  t.ok(perSecond.filter((count) => count <= 7).length >= 5, 'lulls');
  t.ok(perSecond.filter((count) => count >= 17).length >= 5, 'bursts');
});

t.test('the same clock and dice give the same stream', async (t) => {
  const texts = [];
  for (const _ of [1, 2]) {
    const { clock, upstream } = await start(t);
    const reading = await read(upstream.url);
    clock.advance(10_000);
    await reading.events(upstream.stats.events);
    texts.push(reading.text);
  }
  t.equal(texts[0], texts[1]);
});

t.test('another path is 404, another method 405', async (t) => {
  const { upstream } = await start(t);
  t.equal((await fetch(new URL('/', upstream.url))).status, 404);
  const posted = await fetch(upstream.url, { method: 'POST' });
  t.equal(posted.status, 405);
  t.equal(posted.headers.get('allow'), 'GET');
});

t.test('close() ends the streams, the timers and the listening, and may be called twice', async (t) => {
  const { clock, upstream } = await start(t, { hiccups: true });
  const reading = await read(upstream.url);
  await Promise.all([upstream.close(), upstream.close()]);
  t.equal(await reading.over(), false);
  t.equal(clock.pending, 0);
  t.equal(upstream.stats.clients, 0);
  await t.rejects(read(upstream.url), { code: 'ECONNREFUSED' });
});

t.test('a port that is taken rejects', async (t) => {
  const { upstream } = await start(t);
  await t.rejects(startDemoUpstream({ port: Number(new URL(upstream.url).port) }), { code: 'EADDRINUSE' });
});
