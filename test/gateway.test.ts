import t from 'tap';
import type { Channel } from '../src/channel.js';
import { Gateway } from '../src/gateway.js';
import type { GatewayOptions } from '../src/options.js';
import type { SourceFactory } from '../src/source.js';
import { ManualClock } from './helpers/manual-clock.js';
import { type FakeSource, fakeSources, serve } from './rig.js';

type Channels = GatewayOptions['channels'];

function make(channels: Channels, options: Partial<GatewayOptions> = {}) {
  const clock = new ManualClock();
  const { made, factory } = fakeSources();
  const urls: string[] = [];
  const gateway = new Gateway(
    { channels, pool: 'poison', ...options },
    {
      ...{ clock, random: () => 0.5 },
      source: (_channel, url): SourceFactory => {
        urls.push(url);
        return factory;
      },
    },
  );
  t.teardown(() => gateway.close());
  return { clock, gateway, made: made as readonly FakeSource[], urls };
}

const ROOMS = { 'rooms/:room': { url: 'http://chat/rooms/:room/events' } } as const;

t.test('a name has one channel for as long as it is alive, a template one per parameters', async (t) => {
  const { gateway, urls } = make({ prices: { url: 'http://a/p' }, ...ROOMS });
  t.same(gateway.names, ['prices', 'rooms/:room']);
  t.equal(gateway.channel('prices'), gateway.channel('prices'));
  const room = gateway.channel('rooms/:room', { room: 'a bé' });
  t.equal(room.key, 'rooms/a%20b%C3%A9');
  t.equal(room.name, 'rooms/:room');
  t.not(room, gateway.channel('rooms/:room', { room: 'other' }));
  t.same(urls, ['http://a/p', 'http://chat/rooms/a%20b%C3%A9/events', 'http://chat/rooms/other/events']);
});

t.test('an unknown name and a parameter that is none are refused with their codes', async (t) => {
  const { gateway } = make(ROOMS);
  t.throws(() => gateway.channel('nope'), { code: 'SSE_GATEWAY_CHANNEL_UNKNOWN', statusCode: 404 });
  t.throws(() => gateway.channel('__proto__'), { code: 'SSE_GATEWAY_CHANNEL_UNKNOWN' });
  for (const room of [undefined, '', '.', '..', 'a/b', 'a\\b', 'a\n', '\ud800', 'x'.repeat(257)]) {
    t.throws(
      () => gateway.channel('rooms/:room', room === undefined ? {} : { room }),
      { code: 'SSE_GATEWAY_PARAMETER_INVALID', statusCode: 400 },
      JSON.stringify(room),
    );
  }
});

t.test('a parameter named like a property of every object must be given', async (t) => {
  const { gateway } = make({ ':constructor': {} });
  t.throws(() => gateway.channel(':constructor', {}), { code: 'SSE_GATEWAY_PARAMETER_INVALID' });
});

t.test('each channel has an epoch of its own, above all earlier ones, whatever the clock says', async (t) => {
  const { gateway, clock } = make(ROOMS);
  const epoch = (room: string): number => gateway.channel('rooms/:room', { room }).log.epoch;
  const first = epoch('a');
  t.equal(first, clock.wallNow());
  t.equal(epoch('b'), first + 1);
  clock.setWallBy(-3_600_000);
  t.equal(epoch('c'), first + 2);
  clock.setWallBy(7_200_000.5);
  const later = epoch('d');
  t.equal(later, Math.floor(clock.wallNow()));
  t.ok(Number.isInteger(later));
});

t.test('the limit of a template refuses a newcomer, never one that is in use', async (t) => {
  const { gateway } = make({ 'rooms/:room': { ...ROOMS['rooms/:room'], maxChannels: 2 } });
  const room = (name: string): Channel => gateway.channel('rooms/:room', { room: name });
  const a = room('a');
  a.claim();
  room('b').claim();
  t.throws(() => room('c'), { code: 'SSE_GATEWAY_CHANNEL_LIMIT', statusCode: 503 });
  t.equal(room('a'), a);
  const [family] = gateway.families();
  t.equal(family?.metrics.refusals.get('channel-limit'), 1);
});

t.test('at the limit a channel that nobody holds makes room', async (t) => {
  const { gateway, made } = make({ 'rooms/:room': { ...ROOMS['rooms/:room'], maxChannels: 2 } });
  const room = (name: string): Channel => gateway.channel('rooms/:room', { room: name });
  room('a').claim();
  room('b').claim()();
  const c = room('c');
  t.same(Object.keys(gateway.stats().channels), ['rooms/a', 'rooms/c']);
  t.equal(made[1]?.status.state, 'closed');
  t.equal(c.state, 'idle');
});

t.test('the tick forgets channels of a template that nobody wants and that hold nothing', async (t) => {
  const { gateway, clock, made } = make({
    fixed: { url: 'http://a/', lingerMs: 10 },
    'rooms/:room': { ...ROOMS['rooms/:room'], lingerMs: 10, retainAgeMs: 5_000 },
  });
  gateway.start();
  gateway.channel('fixed').claim()();
  const room = gateway.channel('rooms/:room', { room: 'a' });
  const release = room.claim();
  made[1]!.connected();
  made[1]!.write('data: x\n\n');
  release();
  clock.advance(2_000);
  t.ok(gateway.stats().channels['rooms/a'], 'its log holds an event');
  clock.advance(5_000);
  t.notOk(gateway.stats().channels['rooms/a']);
  t.ok(gateway.stats().channels['fixed']);
  t.equal(room.state, 'closed');
  t.not(gateway.channel('rooms/:room', { room: 'a' }), room);
});

t.test('start opens what is always on, but for templates, and once', async (t) => {
  const { gateway, made, clock } = make({
    a: { url: 'http://a/', always: true },
    b: { url: 'http://b/' },
    ':c': { url: 'http://c/:c' },
  });
  const shared = make(
    { a: { url: 'http://a/' }, ':c': { url: 'http://c/:c' } },
    { defaults: { always: true } },
  );
  shared.gateway.start();
  t.equal(shared.made.length, 1, 'what all share does not hold for those that clients name');
  shared.gateway.channel(':c', { c: 'x' });
  t.ok(shared.gateway.find(':c', { c: 'x' })?.idle);
  t.equal(made.length, 0);
  gateway.start();
  gateway.start();
  t.equal(made.length, 1);
  t.equal(made[0]?.connects, 1);
  t.equal(clock.pending, 1, 'one tick');
});

t.test('the tick comes round often enough for the shortest timing, and no oftener than needed', async (t) => {
  const next = (heartbeatMs: number): number => {
    const { gateway, clock } = make({ a: { heartbeatMs }, b: {} });
    gateway.start();
    return clock.nextAt! - clock.now();
  };
  t.equal(next(15_000), 1_000);
  t.equal(next(2_000), 500);
  t.equal(next(1), 25);
});

t.test('publish finds the channel of a path, and refuses a path of none', async (t) => {
  const { gateway } = make({ news: {}, 'rooms/:room': {} });
  gateway.publish('news', { data: 'a' });
  gateway.publish('rooms/a b', { data: 'b' });
  t.same(
    Object.entries(gateway.stats().channels).map(([key, { log }]) => [key, log.events]),
    [
      ['news', 1],
      ['rooms/a%20b', 1],
    ],
  );
  for (const path of ['nope', 'rooms', 'rooms/', 'rooms/a/b', 'rooms/..', 'rooms/\ud800', ':room', '']) {
    t.throws(() => gateway.publish(path, { data: 'x' }), { code: 'SSE_GATEWAY_CHANNEL_UNKNOWN' }, path);
  }
  t.throws(() => gateway.publish('news', { id: '\n', data: 'x' }), { code: 'SSE_GATEWAY_EVENT_INVALID' });
});

t.test(
  'a path finds the channel that a router would: literal segments first, from the left, in any order of names',
  async (t) => {
    const { gateway } = make({ ':a/:b': {}, 'rooms/:room': {}, ':x/lobby': {}, 'rooms/lobby': {} });
    for (const path of ['rooms/lobby', 'rooms/a', 'bars/lobby', 'bars/a'])
      gateway.publish(path, { data: 'x' });
    const found = [...gateway.families()].map(({ name, channels }) => [
      name,
      [...channels].map(({ key }) => key),
    ]);
    t.same(Object.fromEntries(found), {
      ':a/:b': ['bars/a'],
      'rooms/:room': ['rooms/a'],
      ':x/lobby': ['bars/lobby'],
      'rooms/lobby': ['rooms/lobby'],
    });
  },
);

t.test(
  'a drain spreads the ends, each with a time to come back behind the drain, and counts them',
  async (t) => {
    const { gateway, clock } = make({ a: {} }, { drainDelayMs: 1_000, drainMs: 5_000 });
    const served = await serve(() => gateway.channel('a'));
    t.teardown(() => served.close());
    const clients = [];
    for (let i = 0; i < 10; i += 1) clients.push(await served.connect());
    t.notOk(gateway.draining);
    let drained = false;
    const done = gateway.drain().then(() => {
      drained = true;
    });
    t.ok(gateway.draining);
    clock.advance(999);
    await Promise.resolve();
    t.notOk(
      [...gateway.channel('a').subscribers].some(({ ending }) => ending),
      'still serving',
    );
    // Turns of promises and of real sockets lie between the steps of the manual clock.
    while (!drained) {
      clock.advance(10);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await done;
    for (const client of clients) {
      t.match(await client.closed, { why: 'complete', atBoundary: true });
      t.ok(client.retry! >= 3_000 && client.retry! <= 3_050, `${client.retry}`);
    }
    t.equal(new Set(served.left).size, 1);
    t.equal(served.left[0], 'drain');
    t.equal(served.left.length, 10);
    const [family] = gateway.families();
    t.equal(family?.metrics.clientDisconnects.get('drain'), 10);
  },
);

t.test('a drain asked for twice is one drain', async (t) => {
  const { gateway } = make({ a: {} });
  t.equal(gateway.drain(), gateway.drain());
  await gateway.drain();
});

t.test('a drain does not wait for ever for a client that takes nothing', async (t) => {
  const { gateway, clock } = make({ a: {} });
  const served = await serve(() => gateway.channel('a'));
  t.teardown(() => served.close());
  const client = await served.connect();
  client.pause();
  // One write that is more than the kernel's buffers take.
  gateway.publish('a', { data: 'x'.repeat(32_000_000) });
  clock.runTurns();
  let drained = false;
  void gateway.drain().then(() => {
    drained = true;
  });
  for (let i = 0; i < 1_000 && !drained; i += 1) {
    clock.advance(10);
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.ok(drained);
  t.equal(gateway.stats().subscribers, 1);
  await gateway.close();
  t.same(served.left, ['shutdown']);
});

t.test('after close everything has ended, and nothing can be had', async (t) => {
  const { gateway, clock, made } = make({ a: { url: 'http://a/', always: true } });
  gateway.start();
  await gateway.close();
  await gateway.close();
  t.equal(clock.pending, 0);
  t.equal(made[0]?.status.state, 'closed');
  t.ok(gateway.draining);
  t.throws(() => gateway.channel('a'), { code: 'SSE_GATEWAY_CLOSED' });
  t.throws(() => gateway.publish('a', { data: '' }), { code: 'SSE_GATEWAY_CLOSED' });
  gateway.start();
  t.equal(clock.pending, 0);
  t.equal(gateway.stats().pool.inUseBytes, 0);
});

t.test('a tick that comes late tells by how much, one in time tells nothing', async (t) => {
  const { gateway, clock } = make({ a: {} });
  const channel = gateway.channel('a');
  const slept: (number | undefined)[] = [];
  const { tick } = channel;
  channel.tick = (now, sleptMs) => {
    slept.push(sleptMs);
    tick.call(channel, now, sleptMs);
  };
  gateway.start();
  clock.advance(1_000);
  clock.sleep(5_000);
  clock.advance(0);
  clock.advance(1_000);
  t.same(slept, [0, 4_000, 0]);
});

t.test('a gateway that is closed from within its tick stays closed', async (t) => {
  const { gateway, clock } = make({ a: { maxAgeMs: 1_000 } });
  gateway.start();
  const channel = gateway.channel('a');
  const served = await serve(() => channel);
  t.teardown(() => served.close());
  await served.connect();
  const [subscriber] = channel.subscribers;
  const end = subscriber!.end.bind(subscriber);
  subscriber!.end = (reason, last) => {
    end(reason, last);
    void gateway.close();
  };
  clock.advance(2_000);
  t.equal(gateway.stats().subscribers, 0);
  t.equal(clock.pending, 0);
});

t.test('stats sum up what is alive', async (t) => {
  const { gateway } = make({ a: {}, b: {} });
  const served = await serve(() => gateway.channel('a'));
  t.teardown(() => served.close());
  await served.connect();
  gateway.publish('b', { data: 'x' });
  t.match(gateway.stats(), {
    ...{ draining: false, subscribers: 1, logBytes: 4_096 },
    channels: { a: { subscribers: 1, state: 'open' }, b: { subscribers: 0 } },
  });
});

t.test('wrong options are refused before anything is made', async (t) => {
  t.throws(() => new Gateway({ channels: {} }), { code: 'SSE_GATEWAY_OPTION_INVALID' });
});
