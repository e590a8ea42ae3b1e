import t from 'tap';
import { Channel, type ChannelContext } from '../src/channel.js';
import { GatewayError } from '../src/errors.js';
import { LogBudget } from '../src/log/budget.js';
import { SlabPool } from '../src/log/pool.js';
import { silentLogger } from '../src/logger.js';
import { ChannelMetrics } from '../src/metrics/channel-metrics.js';
import { type ChannelOptions, resolveOptions } from '../src/options.js';
import { ManualClock } from './helpers/manual-clock.js';
import { until } from './helpers/waits.js';
import { fakeSources, serve } from './rig.js';

function make(options: ChannelOptions = {}, context: Partial<ChannelContext> = {}) {
  const clock = new ManualClock();
  const pool = new SlabPool({ poison: true });
  const { made, factory } = fakeSources();
  const resolved = resolveOptions({ channels: { a: { url: 'http://a/', ...options } } }).channels['a']!;
  const channel = new Channel('a', 'a', resolved, {
    ...{ clock, pool, random: () => 0.5, logger: silentLogger, budget: new LogBudget(1e9), epoch: 35 },
    ...{ metrics: new ChannelMetrics(), source: factory },
    ...context,
  });
  return { clock, pool, channel, source: made[0]! };
}

const refused = new GatewayError('UPSTREAM_STATUS', '404');

t.test('a thousand simultaneous first claims make one connection, and all wait for its head', async (t) => {
  const { channel, source, clock } = make();
  const releases = Array.from({ length: 1_000 }, () => channel.claim());
  t.equal(source.connects, 1);
  t.equal(channel.state, 'connecting');
  let waiting = 1_000;
  const all = Promise.all(releases.map(() => channel.headKnown()!.then(() => (waiting -= 1))));
  await Promise.resolve();
  t.equal(waiting, 1_000);
  source.connected();
  await all;
  t.equal(clock.pending, 0, 'no timer is left');
  for (const release of releases) release();
  clock.advance(29_999);
  t.equal(channel.state, 'open');
  clock.advance(1);
  t.equal(channel.state, 'idle');
  t.same(
    source.calls.filter((call) => call !== 'open'),
    ['idle'],
  );
});

t.test('a first subscriber waits connectWaitMs at most', async (t) => {
  const { channel, clock } = make({ connectWaitMs: 500 });
  channel.claim();
  let known = false;
  const wait = channel.headKnown()!.then(() => {
    known = true;
  });
  clock.advance(499);
  await Promise.resolve();
  t.notOk(known);
  clock.advance(1);
  await wait;
});

t.test('nobody waits when the outcome is known, or the option says so', async (t) => {
  const open = make();
  open.channel.claim();
  open.source.connected();
  await open.channel.headKnown();
  const backoff = make();
  backoff.channel.claim();
  backoff.source.enter('backoff', refused, 9_999);
  await backoff.channel.headKnown();
  const unwilling = make({ connectWaitMs: 0 });
  unwilling.channel.claim();
  await unwilling.channel.headKnown();
  t.equal(unwilling.clock.pending, 0);
});

t.test('the first subscriber after a rest waits again; one that joins others does not', async (t) => {
  const { channel, source, clock } = make();
  channel.claim()();
  source.connected();
  clock.advance(30_000);
  t.equal(channel.state, 'idle');
  const served = await serve(() => channel);
  t.teardown(() => served.close());
  channel.claim();
  let known = false;
  const wait = channel.headKnown()!.then(() => {
    known = true;
  });
  await Promise.resolve();
  t.notOk(known);
  source.connected();
  await wait;
  await served.connect();
  source.enter('connecting');
  t.equal(channel.headKnown(), undefined);
});

t.test('events reach clients, and their leaving gives the claim back', async (t) => {
  const { channel, source, clock, pool } = make();
  const served = await serve(() => channel);
  t.teardown(() => served.close());
  const client = await served.connect();
  source.connected();
  source.write('id: 5\ndata: a\n\ndata: b\n\n');
  clock.runTurns();
  await client.waitFor(2);
  t.match(client.events, [
    { id: '5', data: 'a' },
    { id: '2-z;5', data: 'b' },
  ]);
  client.destroy();
  await until(
    () => served.left.length === 1,
    () => `${served.left}`,
  );
  t.same(served.left, ['client-closed']);
  t.ok(channel.idle, 'nobody holds it');
  t.equal(channel.state, 'open', 'but it lingers');
  t.notOk(channel.forgettable);
  clock.advance(30_000);
  t.equal(channel.state, 'idle');
  channel.close('shutdown');
  t.equal(pool.stats.inUseBytes, 0);
});

t.test('a client that comes back gets what it missed, or the size of the hole', async (t) => {
  const { channel, source, clock } = make({ retainEvents: 3 });
  const served = await serve(() => channel);
  t.teardown(() => served.close());
  channel.claim();
  source.connected();
  for (let i = 1; i <= 6; i += 1) source.write(`id: e${i}\ndata: ${i}\n\n`);
  clock.runTurns();
  const exact = await served.connect('e4');
  await exact.waitFor(2);
  t.same(exact.data, ['5', '6']);
  const trimmed = await served.connect('1-z');
  await trimmed.waitFor(4);
  t.match(trimmed.events[0], { type: 'gateway.gap' });
  t.match(JSON.parse(trimmed.data[0]!), { from: '1-z', resume: '3-z', lost: 2, reason: 'trimmed' });
  t.same(trimmed.data.slice(1), ['4', '5', '6']);
  const { metrics } = channel;
  t.same(Object.fromEntries(metrics.resumes.entries()), { exact: 1, gap: 1 });
  t.equal(metrics.gaps.get('trimmed'), 1);
  clock.runTurns();
});

t.test('an upstream that stops ends every stream with gateway.end and a time to come back', async (t) => {
  const { channel, source, clock } = make({ retryFailedMs: 60_000 });
  const served = await serve(() => channel);
  t.teardown(() => served.close());
  const clients = [await served.connect(), await served.connect()];
  source.enter('failed', refused, clock.now() + 60_000);
  for (const client of clients) {
    t.match(await client.closed, { why: 'complete', atBoundary: true });
    t.match(client.events, [{ type: 'gateway.end', data: '{"reason":"SSE_GATEWAY_UPSTREAM_STATUS"}' }]);
    t.equal(client.retry, 3_000);
  }
  await until(
    () => served.left.length === 2,
    () => `${served.left}`,
  );
  t.same(served.left, ['upstream-failed', 'upstream-failed']);
  t.equal(channel.failure, refused);
  t.equal(channel.retryInMs, 60_000);
});

t.test(
  'a failed channel may be forgotten once it may try again, an idle one once its log is empty',
  async (t) => {
    const failed = make({ lingerMs: 0 });
    failed.channel.claim()();
    failed.clock.advance(0);
    failed.source.enter('failed', refused, failed.clock.now() + 100);
    t.notOk(failed.channel.forgettable);
    failed.clock.advance(100);
    t.ok(failed.channel.forgettable);

    const { channel, source, clock } = make({ retainAgeMs: 1_000, lingerMs: 10 });
    const release = channel.claim();
    source.connected();
    source.write('data: a\n\n');
    t.notOk(channel.forgettable);
    release();
    clock.advance(10);
    t.ok(channel.idle);
    t.notOk(channel.forgettable, 'its log is worth keeping');
    clock.advance(1_000);
    channel.tick(clock.now());
    t.ok(channel.forgettable);
  },
);

t.test('always opens at start, and is never idle', async (t) => {
  const { channel, source, clock } = make({ always: true });
  channel.start();
  t.equal(source.connects, 1);
  channel.claim()();
  clock.advance(1e9);
  t.notOk(channel.idle);
  t.same(
    source.calls.filter((call) => call !== 'open'),
    [],
  );
  const lazy = make();
  lazy.channel.start();
  t.equal(lazy.source.connects, 0);
});

t.test('a newcomer lets a failed source try again', async (t) => {
  const { channel, source } = make();
  channel.claim();
  source.enter('failed', refused, 0);
  channel.claim();
  t.equal(source.connects, 2);
});

t.test('close is final: streams end at once, the source for good, and nothing opens again', async (t) => {
  const { channel, source, pool } = make();
  const served = await serve(() => channel);
  t.teardown(() => served.close());
  const client = await served.connect();
  channel.claim();
  source.connected();
  source.write('data: a\n\n');
  channel.close('shutdown');
  channel.close('drain');
  t.match(await client.closed, { atBoundary: true });
  t.same(served.left, ['shutdown']);
  t.equal(channel.state, 'closed');
  channel.claim()();
  t.equal(source.connects, 1);
  t.same(
    source.calls.filter((call) => call !== 'open'),
    ['shutdown'],
  );
  t.throws(() => channel.publish({ data: 'x' }), { code: 'SSE_GATEWAY_CLOSED' });
  t.equal(pool.stats.inUseBytes, 0);
});

t.test('a stream that begins on a closed channel ends at once for the same reason', async (t) => {
  const { channel } = make();
  const served = await serve(() => channel);
  t.teardown(() => served.close());
  channel.close('shutdown');
  const client = await served.connect();
  t.match(await client.closed, { atBoundary: true });
  await until(
    () => served.left.length === 1,
    () => `${served.left}`,
  );
  t.same(served.left, ['shutdown']);
  t.equal(channel.subscribers.size, 0);
});

t.test('those who wait for a head go on when the channel closes', async (t) => {
  const { channel, clock } = make();
  channel.claim();
  const wait = channel.headKnown();
  channel.close('shutdown');
  await wait;
  t.equal(clock.pending, 0);
});

t.test('a channel without a source is open, and carries what is published', async (t) => {
  const { channel, clock } = make({}, { source: undefined });
  const served = await serve(() => channel);
  t.teardown(() => served.close());
  t.equal(channel.state, 'open');
  const client = await served.connect();
  channel.publish({ event: 'e', data: 'x' });
  clock.runTurns();
  await client.waitFor(1);
  t.match(client.events, [{ type: 'e', data: 'x', id: '1-z' }]);
});

t.test(
  'with onGap reject a break for all ends every stream where it lies, after all that came before',
  async (t) => {
    const { channel, source, clock } = make({ onGap: 'reject', connectWaitMs: 0 });
    const { connect, left, close } = await serve(() => channel);
    t.teardown(close);
    const client = await connect();
    source.connected();
    source.write('id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n');
    source.inlet.end();
    source.enter('backoff');
    source.connected(true);
    source.write('id: 7\ndata: 7\n\n');
    const late = await connect();
    clock.runTurns();
    t.match(await client.closed, { why: 'complete', atBoundary: true });
    t.match(client.events, [{ data: '1' }, { data: '2' }]);
    t.equal(client.events.length, 2);
    await until(
      () => left.length === 1,
      () => `${left}`,
    );
    t.same(left, ['gap-rejected']);
    t.equal(channel.metrics.gaps.get('upstream'), 1);
    t.equal(channel.metrics.eventsDropped.get('gap-rejected'), 2, 'the break and what lies behind it');
    source.write('id: 8\ndata: 8\n\n');
    clock.runTurns();
    await late.waitFor(1);
    t.match(late.events, [{ data: '8' }], 'who came behind the break stays');
    const { subscribers } = channel;
    for (const id of ['1', '2']) {
      t.match(subscribers.locate(Buffer.from(id)), { outcome: 'gap', reason: 'upstream', lost: null });
    }
    t.match(subscribers.locate(Buffer.from('7')), { outcome: 'exact' });
  },
);

t.test('a stream lives 0.8 to 1 times maxAgeMs', async (t) => {
  for (const [random, factor] of [
    [0, 0.8],
    [0.5, 0.9],
    [0.999_999, 1],
  ] as const) {
    const { channel, clock } = make({ maxAgeMs: 100_000 }, { random: () => random });
    const served = await serve(() => channel);
    await served.connect();
    const { expiresAt } = [...channel.subscribers][0]!;
    t.ok(Math.abs(expiresAt - clock.now() - 100_000 * factor) < 1, `${expiresAt - clock.now()}`);
    await served.close();
  }
  const { channel } = make({ maxAgeMs: 0 });
  const served = await serve(() => channel);
  await served.connect();
  t.equal([...channel.subscribers][0]!.expiresAt, Infinity);
  await served.close();
});

t.test('the status is what health shows: state, fault, ages, lag', async (t) => {
  const { channel, source, clock } = make();
  t.match(channel.status(), {
    state: 'idle',
    subscribers: 0,
    lastEventAgeMs: undefined,
    retryInMs: undefined,
  });
  channel.claim();
  source.connected();
  source.write('data: a\n\n');
  clock.advance(1_500);
  source.enter('backoff', refused, clock.now() + 700);
  clock.advance(200);
  t.match(channel.status(), {
    ...{ state: 'backoff', lastEventAgeMs: 1_700, retryInMs: 500 },
    lastError: { code: 'SSE_GATEWAY_UPSTREAM_STATUS', message: '404' },
    log: { events: 1, bytes: 'id: 1-z\ndata: a\n\n'.length, pinnedBytes: 0 },
  });
  clock.advance(10_000);
  t.equal(channel.status().retryInMs, 0, 'never negative');
});

t.test('retry for clients lies between its bounds', async (t) => {
  for (const random of [0, 0.3, 0.999_999]) {
    const { channel } = make({ retryMinMs: 10, retryMaxMs: 20 }, { random: () => random });
    const retry = channel.subscribers.retryMs();
    t.ok(retry >= 10 && retry <= 20);
  }
});

t.test('a channel that nobody may be sent to while it has failed tries again by itself', async (t) => {
  for (const options of [{ always: true }, { required: true }, {}]) {
    const { channel, source, clock } = make(options);
    channel.claim();
    source.enter('failed', refused, clock.now() + 100);
    channel.tick(clock.now());
    t.equal(source.connects, 1, 'not before its time');
    clock.advance(100);
    channel.tick(clock.now());
    t.equal(source.connects, 'always' in options || 'required' in options ? 2 : 1, JSON.stringify(options));
  }
});
