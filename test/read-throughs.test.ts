/** Private requests with upstreams that do what a test says: what real ones do too seldom, or at no chosen moment. */
import t, { type Test } from 'tap';
import { Channel } from '../src/channel.js';
import { GatewayError } from '../src/errors.js';
import { LogBudget } from '../src/log/budget.js';
import { SlabPool } from '../src/log/pool.js';
import { silentLogger } from '../src/logger.js';
import { ChannelMetrics } from '../src/metrics/channel-metrics.js';
import { type ChannelOptions, resolveOptions } from '../src/options.js';
import { ReplayAllowance } from '../src/replay-allowance.js';
import type { SourceFactory } from '../src/source.js';
import { ManualClock } from './helpers/manual-clock.js';
import type { SseClient } from './helpers/sse-client.js';
import { until } from './helpers/waits.js';
import { type FakeSource, fakeSources, serve } from './rig.js';

const frames = (first: number, last: number): string => {
  let text = '';
  for (let n = first; n <= last; n += 1) text += `id: ${n}\ndata: ${n}\n\n`;
  return text;
};
const range = (first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, i) => String(first + i));
const gaps = (client: SseClient): { lost: number | null; reason: string; from: string; repeats: boolean }[] =>
  client.events.filter(({ type }) => type === 'gateway.gap').map(({ data }) => JSON.parse(data));
const data = (client: SseClient): string[] =>
  client.events.filter(({ type }) => type === 'message').map((event) => event.data);

/** A channel whose log holds the ids 41 to 45, and whose upstream can be asked for the rest. */
async function make(t: Test, options: ChannelOptions = {}, allowance = new ReplayAllowance()) {
  const clock = new ManualClock();
  const pool = new SlabPool({ poison: true });
  const metrics = new ChannelMetrics();
  const upstream = fakeSources();
  const asked = fakeSources();
  const ids: string[] = [];
  const backfill: SourceFactory = (inlet, observer) => {
    ids.push(Buffer.from(inlet.cursor!).toString());
    return asked.factory(inlet, observer);
  };
  const given = { replay: true, resumeWaitMs: 0, ...options };
  const resolved = resolveOptions({ channels: { a: { url: 'http://a/', ...given } } }).channels['a']!;
  let epoch = 35;
  const channel = new Channel('a', 'a', resolved, {
    ...{ clock, pool, metrics, random: () => 0.5, logger: silentLogger, budget: new LogBudget(1e9), epoch },
    ...{ source: upstream.factory, backfill, allowance, nextEpoch: () => (epoch += 1) },
  });
  const served = await serve(() => channel);
  t.teardown(() => served.close());
  const source = upstream.made[0]!;
  channel.claim();
  source.connected();
  source.write(frames(41, 45));
  clock.runTurns();
  return {
    ...{ clock, pool, metrics, channel, served, source, asked: asked.made },
    /** The ids that were asked for, in the order of asking. */
    ids,
    /** offered − out − dropped − pending: 0 while the books are right. */
    books(): number {
      const pending = [...channel.subscribers].reduce((sum, one) => sum + one.pending, 0);
      return metrics.eventsOffered - metrics.eventsOut - metrics.eventsDropped.total - pending;
    },
    tick(): void {
      channel.tick(clock.now());
      clock.runTurns();
    },
  };
}

/** The upstream answers with what follows `from`, up to the first event that the channel's log holds. */
function answer(source: FakeSource, from: number): void {
  source.connected(true);
  source.write(frames(from + 1, 42));
}

/** The network ends a request for good: the fault is one that would come again. */
function endForGood(source: FakeSource): void {
  source.enter('failed', new GatewayError('UPSTREAM_EVENT_TOO_LARGE', 'too large'));
}

const shut = ({ calls }: FakeSource): boolean => calls.at(-1) === 'shutdown';

t.test(
  'eight are asked for at a time, one per id, the rest in the order of asking as places get free',
  async (t) => {
    const rig = await make(t);
    const clients: SseClient[] = [];
    for (let n = 1; n <= 12; n += 1) clients.push(await rig.served.connect(String(n)));
    clients.push(await rig.served.connect('3'), await rig.served.connect('12'));
    t.same(rig.ids, range(1, 8));
    answer(rig.asked[4]!, 5);
    t.same(rig.ids, range(1, 9), 'at once, not at the next tick');
    rig.asked[0]!.enter('failed', new GatewayError('UPSTREAM_STATUS', '500'));
    t.same(rig.ids, range(1, 10));
    for (let n = 2; n <= 12; n += 1) if (n !== 5) answer(rig.asked[n - 1]!, n);
    rig.clock.runTurns();
    t.equal(rig.asked.length, 12);
    t.ok(rig.asked.every(shut), 'no request is left');
    for (const [i, from] of [...range(2, 12).map(Number), 3, 12].entries()) {
      const client = clients[i + 1]!;
      await client.waitFor(45 - from);
      t.same(data(client), range(from + 1, 45));
      t.same(gaps(client), []);
    }
    await clients[0]!.waitFor(6);
    t.match(gaps(clients[0]!), [{ from: '1', lost: null, reason: 'unknown-id' }]);
    t.same(data(clients[0]!), range(41, 45));
    await until(
      () => rig.metrics.eventsOut === rig.metrics.eventsOffered,
      () => `${rig.metrics.eventsOut} of ${rig.metrics.eventsOffered}`,
    );
    t.equal(rig.books(), 0);
  },
);

t.test('all channels together ask for no more than the allowance, and take turns at it', async (t) => {
  const allowance = new ReplayAllowance(30_000);
  const replayBytes = 10_000;
  const one = await make(t, { replayBytes }, allowance);
  const other = await make(t, { replayBytes }, allowance);
  for (let n = 1; n <= 5; n += 1) await one.served.connect(String(n));
  const last = await other.served.connect('9');
  t.same(one.ids, range(1, 3));
  t.same(other.ids, []);
  answer(one.asked[0]!, 1);
  t.same(one.ids, range(1, 4), 'who waits longest');
  answer(one.asked[1]!, 2);
  t.same(other.ids, ['9'], 'but for one request only');
  t.same(one.ids, range(1, 4));
  answer(other.asked[0]!, 9);
  other.clock.runTurns();
  await last.waitFor(36);
  t.same(one.ids, range(1, 5));
  one.channel.close('shutdown');
  t.ok(
    allowance.take(30_000, () => undefined),
    'and all is given back',
  );
});

t.test('one that hears no more gives its place to another channel', async (t) => {
  const allowance = new ReplayAllowance(10_000);
  const one = await make(t, { replayBytes: 10_000 }, allowance);
  const other = await make(t, { replayBytes: 10_000 }, allowance);
  const client = await one.served.connect('1');
  const next = await other.served.connect('2');
  one.asked[0]!.connected(true);
  one.tick();
  t.ok(shut(one.asked[0]!));
  t.same(other.ids, ['2']);
  answer(other.asked[0]!, 2);
  other.clock.runTurns();
  await next.waitFor(43);
  t.same(one.ids, ['1', '1'], 'and gets it back');
  answer(one.asked[1]!, 1);
  one.clock.runTurns();
  await client.waitFor(44);
  t.same(data(client), range(2, 45));
});

t.test('a place is free again when those who asked have left', async (t) => {
  const rig = await make(t);
  const clients: SseClient[] = [];
  for (let n = 1; n <= 9; n += 1) clients.push(await rig.served.connect(String(n)));
  t.equal(rig.asked.length, 8);
  clients[1]!.destroy();
  await until(
    () => rig.served.left.length === 1,
    () => `${rig.served.left}`,
  );
  rig.tick();
  t.ok(shut(rig.asked[1]!));
  t.same(rig.ids.slice(8), ['9']);
  t.equal(rig.channel.subscribers.size, 8);
});

t.test(
  'where others wait, a place is kept by who waits for an answer, and not by who was answered and hears no more',
  async (t) => {
    const rig = await make(t, { resumeWaitMs: 2_000 });
    rig.clock.advance(2_000);
    rig.tick();
    const clients: SseClient[] = [];
    for (let n = 1; n <= 9; n += 1) clients.push(await rig.served.connect(String(n)));
    t.equal(rig.asked.length, 8);
    rig.clock.advance(10_000);
    rig.tick();
    t.equal(rig.asked.length, 8, 'a slow upstream loses nobody');
    rig.asked[0]!.connected(true);
    rig.clock.advance(1_999);
    rig.tick();
    t.equal(rig.asked.length, 8);
    rig.clock.advance(1);
    rig.tick();
    t.same(rig.ids.slice(8), ['9']);
    t.ok(shut(rig.asked[0]!));
    answer(rig.asked[1]!, 2);
    t.same(rig.ids.slice(9), ['1'], 'who gave a place up is asked for again in turn');
    answer(rig.asked[9]!, 1);
    rig.clock.runTurns();
    await clients[0]!.waitFor(44);
    t.same(data(clients[0]!), range(2, 45));
    t.equal(rig.metrics.gaps.total, 0);
    t.equal(rig.books(), 0);
  },
);

t.test(
  'one that waits takes the place of one that hears no more, the longest silent, and not of all',
  async (t) => {
    const rig = await make(t, { resumeWaitMs: 1_000 });
    rig.clock.advance(1_000);
    rig.tick();
    for (let n = 1; n <= 9; n += 1) await rig.served.connect(String(n));
    for (const [n, source] of rig.asked.entries()) {
      source.connected(true);
      if (n !== 3) rig.clock.advance(1);
    }
    for (const [n, source] of rig.asked.entries()) if (n !== 3) source.write(':\n');
    rig.clock.advance(1_000);
    rig.tick();
    t.same(rig.ids.slice(8), ['9']);
    t.same(rig.asked.filter(shut), [rig.asked[3]]);
  },
);

t.test('a request that fails while it begins frees its place, however many do', async (t) => {
  const rig = await make(t);
  const clients: SseClient[] = [];
  for (let n = 1; n <= 30; n += 1) clients.push(await rig.served.connect(String(n)));
  // Each failure lets the next be asked, which is failed in turn.
  for (let n = 0; n < 30; n += 1) rig.asked[n]!.enter('failed', new GatewayError('UPSTREAM_STATUS', '404'));
  t.equal(rig.asked.length, 30, 'nobody is asked for twice');
  rig.clock.runTurns();
  for (const client of clients) await client.waitFor((seen) => data(seen).length === 5);
  t.equal(rig.books(), 0);
});

t.test('what was read for one is given back when it has gone on, or has left', async (t) => {
  const rig = await make(t);
  const before = rig.pool.stats.inUseBytes;
  const stays = await rig.served.connect('1');
  const leaves = await rig.served.connect('2');
  answer(rig.asked[0]!, 1);
  rig.asked[1]!.connected(true);
  rig.asked[1]!.write(frames(3, 20));
  rig.clock.runTurns();
  await Promise.all([stays.waitFor(44), leaves.waitFor(18)]);
  t.ok(rig.pool.stats.inUseBytes > before);
  leaves.destroy();
  await until(
    () => rig.served.left.length === 1,
    () => `${rig.served.left}`,
  );
  rig.tick();
  t.equal(rig.pool.stats.inUseBytes, before);
  t.equal(rig.channel.subscribers.size, 1);
  rig.channel.close('shutdown');
  t.equal(rig.pool.stats.inUseBytes, 0);
});

t.test('a channel that closes while it reads ends requests and streams, and keeps no memory', async (t) => {
  const rig = await make(t);
  const reading = await rig.served.connect('1');
  const waiting: SseClient[] = [];
  for (let n = 2; n <= 10; n += 1) waiting.push(await rig.served.connect(String(n)));
  rig.asked[0]!.connected(true);
  rig.asked[0]!.write(frames(2, 9));
  rig.clock.runTurns();
  await reading.waitFor(8);
  rig.channel.close('shutdown');
  for (const client of [reading, ...waiting]) t.match(await client.closed, { atBoundary: true });
  t.ok(rig.asked.every(shut));
  t.equal(rig.asked.length, 8, 'nobody is asked for behind the end');
  rig.asked[0]!.write(frames(10, 11));
  await until(
    () => rig.served.left.length === 10,
    () => `${rig.served.left}`,
  );
  t.ok(rig.served.left.every((reason) => reason === 'shutdown'));
  t.equal(rig.pool.stats.inUseBytes, 0);
  t.equal(rig.clock.pending, 0, 'no timer is left');
  t.equal(rig.books(), 0);
});

t.test('an upstream that stops while clients wait for their id ends them like all others', async (t) => {
  const rig = await make(t, { resumeWaitMs: 5_000 });
  const waiting = await rig.served.connect('7');
  const live = await rig.served.connect();
  t.equal(rig.asked.length, 0);
  rig.source.enter('failed', new GatewayError('UPSTREAM_STATUS', '404'), rig.clock.now() + 60_000);
  for (const client of [waiting, live]) {
    t.match(await client.closed, { why: 'complete', atBoundary: true });
    t.match(client.events, [{ type: 'gateway.end' }]);
  }
  rig.clock.advance(10_000);
  rig.tick();
  t.equal(rig.asked.length, 0);
  t.equal(rig.books(), 0);
});

t.test('waiting ends with the id, or on time with a request', async (t) => {
  const rig = await make(t, { resumeWaitMs: 500 });
  const comes = await rig.served.connect('46');
  const never = await rig.served.connect('9');
  rig.source.write(frames(46, 47));
  rig.clock.runTurns();
  await comes.waitFor(1);
  t.same(data(comes), ['47']);
  rig.clock.advance(499);
  t.equal(rig.asked.length, 0);
  rig.clock.advance(1);
  t.same(rig.ids, ['9']);
  answer(rig.asked[0]!, 9);
  rig.clock.runTurns();
  await never.waitFor(38);
  t.same(data(never), range(10, 47));
});

t.test('a log that trims past the place where they meet is a gap of known size', async (t) => {
  const rig = await make(t);
  const client = await rig.served.connect('30');
  answer(rig.asked[0]!, 30);
  rig.channel.log.trim(rig.clock.now() + 1e9);
  t.equal(rig.channel.log.floorSeq, rig.channel.log.tipSeq);
  rig.clock.runTurns();
  rig.source.write(frames(46, 46));
  rig.clock.runTurns();
  await client.waitFor(12);
  t.same(data(client), [...range(31, 40), '46']);
  t.match(gaps(client), [{ from: '40', reason: 'trimmed', lost: 5 }]);
  t.equal(rig.metrics.resumes.get('gap'), 1);
  t.equal(rig.books(), 0);
});

t.test('with onGap reject nothing from behind the hole is sent, and the stream ends as that', async (t) => {
  const rig = await make(t, { onGap: 'reject' });
  const client = await rig.served.connect('30');
  rig.asked[0]!.connected(true);
  rig.asked[0]!.write(frames(31, 33));
  rig.clock.runTurns();
  endForGood(rig.asked[0]!);
  rig.clock.runTurns();
  await client.closed;
  t.same(data(client), range(31, 33));
  t.same(gaps(client), []);
  await until(
    () => rig.served.left.length === 1,
    () => `${rig.served.left}`,
  );
  t.same(rig.served.left, ['gap-rejected']);
  t.equal(rig.metrics.gaps.get('unknown-id'), 1);
  t.equal(rig.books(), 0);
});

t.test('events without an id behind the last one are not given twice', async (t) => {
  const rig = await make(t);
  const client = await rig.served.connect('38');
  const source = rig.asked[0]!;
  source.connected(true);
  source.write(`${frames(39, 40)}id: 46\ndata: 46\n\ndata: u\n\n`);
  rig.clock.runTurns();
  // The channel's log gets them later: behind 46 follows what the client has.
  rig.source.write('id: 46\ndata: 46\n\ndata: u\n\nid: 47\ndata: 47\n\n');
  rig.clock.runTurns();
  t.notOk(shut(source), 'the place is not known yet');
  source.write('id: 47\ndata: 47\n\n');
  rig.clock.runTurns();
  await client.waitFor(5);
  t.same(data(client), ['39', '40', '46', 'u', '47']);
  t.ok(shut(source));
  t.same(gaps(client), []);
});

t.test('a request that is lost behind events without an id is a gap that may repeat them', async (t) => {
  const rig = await make(t);
  const client = await rig.served.connect('40');
  const source = rig.asked[0]!;
  source.connected(true);
  source.write('id: 46\ndata: 46\n\ndata: u\n\n');
  rig.clock.runTurns();
  rig.source.write('id: 46\ndata: 46\n\ndata: u\n\n');
  endForGood(source);
  rig.clock.runTurns();
  await client.waitFor(10);
  t.same(data(client), ['46', 'u', ...range(41, 45), '46', 'u']);
  t.match(gaps(client), [{ from: '46', lost: null, repeats: true }]);
  t.equal(rig.books(), 0);
});

t.test('whatever ends a request before it meets the log is a gap, and what it brought stays', async (t) => {
  const ends: Record<string, (source: FakeSource) => void> = {
    'an answer without the id': (source) => source.connected(false),
    'a fault that would come again': endForGood,
    'more than replayBytes': (source) => source.write(`:${'x'.repeat(2_000)}\n`),
  };
  for (const [name, end] of Object.entries(ends)) {
    const rig = await make(t, { replayBytes: 1_024 });
    const client = await rig.served.connect('30');
    const source = rig.asked[0]!;
    if (name !== 'an answer without the id') {
      source.connected(true);
      source.write(frames(31, 32));
    }
    end(source);
    source.write(frames(33, 34));
    rig.clock.runTurns();
    await client.waitFor((seen) => data(seen).at(-1) === '45');
    const brought = name === 'an answer without the id' ? [] : ['31', '32'];
    t.same(data(client), [...brought, ...range(41, 45)], name);
    t.match(gaps(client), [{ from: brought.at(-1) ?? '30', lost: null, reason: 'unknown-id' }], name);
    t.ok(shut(source));
    t.equal(rig.books(), 0);
  }
});

t.test(
  'a request that breaks off is made again from where it stood, and its client misses nothing',
  async (t) => {
    for (const state of ['failed', 'backoff'] as const) {
      const rig = await make(t);
      const client = await rig.served.connect('30');
      rig.asked[0]!.connected(true);
      rig.asked[0]!.write(`${frames(31, 32)}id: 33\ndata: of wh`);
      rig.asked[0]!.enter(state, new GatewayError('UPSTREAM_NETWORK', 'reset'));
      t.same(rig.ids, ['30', '32'], 'the id of the last complete event');
      t.ok(shut(rig.asked[0]!));
      answer(rig.asked[1]!, 31);
      rig.clock.runTurns();
      await client.waitFor(15);
      t.same(data(client), range(31, 45), 'what it brought again is dropped');
      t.same(gaps(client), []);
      t.equal(rig.metrics.resumes.get('exact'), 1);
      t.equal(rig.books(), 0);
    }
  },
);

t.test('a request that breaks off before the first event is made again with the id', async (t) => {
  const rig = await make(t);
  const client = await rig.served.connect('30');
  rig.asked[0]!.connected(true);
  rig.asked[0]!.enter('failed', new GatewayError('UPSTREAM_NETWORK', 'reset'));
  t.same(rig.ids, ['30', '30']);
  answer(rig.asked[1]!, 30);
  rig.clock.runTurns();
  await client.waitFor(15);
  t.same(data(client), range(31, 45));
});

t.test('four requests that break off are enough, and what they brought stays', async (t) => {
  const rig = await make(t);
  const client = await rig.served.connect('30');
  for (let n = 0; n < 4; n += 1) {
    rig.asked[n]!.connected(true);
    rig.asked[n]!.write(frames(31 + n, 31 + n));
    rig.asked[n]!.enter('failed', new GatewayError('UPSTREAM_NETWORK', 'reset'));
  }
  rig.clock.runTurns();
  await client.waitFor((seen) => data(seen).at(-1) === '45');
  t.same(rig.ids, range(30, 33));
  t.same(data(client), [...range(31, 34), ...range(41, 45)]);
  t.match(gaps(client), [{ from: '34', lost: null, reason: 'unknown-id' }]);
  t.equal(rig.books(), 0);
});

t.test('one that breaks off goes to the end of those who wait for a place', async (t) => {
  const rig = await make(t);
  for (let n = 1; n <= 10; n += 1) await rig.served.connect(String(n));
  rig.asked[0]!.connected(true);
  rig.asked[0]!.enter('failed', new GatewayError('UPSTREAM_NETWORK', 'reset'));
  t.same(rig.ids, range(1, 9));
  for (const n of [1, 2]) answer(rig.asked[n]!, n + 1);
  t.same(rig.ids.slice(9), ['10', '1']);
});

t.test('while the upstream is away nobody is asked for, and nobody is given up', async (t) => {
  const rig = await make(t, { resumeWaitMs: 500 });
  rig.clock.advance(500);
  const reading = await rig.served.connect('30');
  rig.asked[0]!.connected(true);
  rig.source.enter('backoff');
  rig.asked[0]!.enter('failed', new GatewayError('UPSTREAM_NETWORK', 'reset'));
  const comes = await rig.served.connect('20');
  rig.clock.advance(10_000);
  rig.tick();
  t.same(rig.ids, ['30']);
  rig.source.connected(true);
  rig.clock.advance(500);
  t.same(rig.ids.slice(1).sort(), ['20', '30']);
  for (const [i, id] of rig.ids.entries()) if (i > 0) answer(rig.asked[i]!, Number(id));
  rig.clock.runTurns();
  await Promise.all([reading.waitFor(15), comes.waitFor(25)]);
  t.same(data(reading), range(31, 45));
  t.same(data(comes), range(21, 45));
  t.same([...gaps(reading), ...gaps(comes)], []);
});

t.test(
  'an id minted by another life is asked for by the upstream id in it, and what may repeat is told first',
  async (t) => {
    const rig = await make(t);
    const client = await rig.served.connect('9-zz;38');
    t.same(rig.ids, ['38']);
    answer(rig.asked[0]!, 38);
    rig.clock.runTurns();
    await client.waitFor(8);
    t.equal(client.events[0]?.type, 'gateway.gap');
    t.match(gaps(client), [{ from: '9-zz;38', resume: '38', lost: 0, repeats: true, reason: 'epoch' }]);
    t.same(data(client), range(39, 45));
    t.equal(rig.metrics.resumes.get('gap'), 1);
    t.equal(rig.metrics.gaps.get('epoch'), 1);
    t.equal(rig.books(), 0);
  },
);

t.test(
  'it is not asked for once its upstream id is in the log, whether that arrived before or while it waited',
  async (t) => {
    const rig = await make(t, { resumeWaitMs: 2_000 });
    const client = await rig.served.connect('9-zz;46');
    const other = await rig.served.connect('8-zz;46');
    rig.source.write(frames(46, 48));
    rig.clock.runTurns();
    for (const [one, from] of [
      [client, '9-zz;46'],
      [other, '8-zz;46'],
    ] as const) {
      await one.waitFor(3);
      t.match(gaps(one), [{ from, lost: 0, repeats: true }]);
      t.equal(gaps(one).length, 1);
      t.same(data(one), ['47', '48']);
    }
    rig.clock.advance(5_000);
    rig.tick();
    t.same(rig.ids, []);
  },
);

t.test('with onGap silent it is not told, and with reject it is not asked for', async (t) => {
  const silent = await make(t, { onGap: 'silent' });
  const client = await silent.served.connect('9-zz;38');
  answer(silent.asked[0]!, 38);
  silent.clock.runTurns();
  await client.waitFor(7);
  t.same(
    client.events.map((event) => event.data),
    range(39, 45),
  );
  t.equal(silent.metrics.gaps.get('epoch'), 1);
  const reject = await make(t, { onGap: 'reject' });
  t.match(reject.channel.subscribers.locate(Buffer.from('9-zz;38')), { outcome: 'gap', reason: 'epoch' });
});

t.test('only an event with the same bytes is the meeting place', async (t) => {
  const rig = await make(t);
  const client = await rig.served.connect('39');
  const source = rig.asked[0]!;
  source.connected(true);
  source.write('id: 41\ndata: another\n\n');
  t.notOk(shut(source));
  source.write('id: 42\ndata: 42\n\n');
  t.ok(shut(source));
  rig.clock.runTurns();
  await client.waitFor(5);
  t.same(data(client), ['another', ...range(42, 45)]);
});

t.test('a stream that begins on a closed channel leaves nothing behind, whatever it waits for', async (t) => {
  const rig = await make(t, { resumeWaitMs: 5_000 });
  const { subscribers } = rig.channel;
  const locate = subscribers.locate.bind(subscribers);
  subscribers.locate = (id) => {
    const resume = locate(id);
    rig.channel.close('shutdown');
    return resume;
  };
  const client = await rig.served.connect('7');
  t.match(await client.closed, { atBoundary: true });
  t.equal(subscribers.size, 0);
  t.equal(rig.clock.pending, 0);
  t.ok(rig.asked.every(shut));
  t.equal(rig.pool.stats.inUseBytes, 0);
});

t.test('without a source, or in mode gateway, there is nothing to wait for', async (t) => {
  const rig = await make(t, { ids: 'gateway', resumeWaitMs: 5_000 });
  t.match(rig.channel.subscribers.locate(Buffer.from('7')), { outcome: 'gap', reason: 'unknown-id' });
  const clock = new ManualClock();
  const alone = new Channel(
    'a',
    'a',
    resolveOptions({ channels: { a: { url: 'http://a/', replay: true } } }).channels['a']!,
    {
      ...{ clock, pool: new SlabPool(), metrics: new ChannelMetrics(), random: () => 0.5 },
      ...{ logger: silentLogger, budget: new LogBudget(1e9), epoch: 35, source: undefined },
    },
  );
  t.match(alone.subscribers.locate(Buffer.from('7')), { outcome: 'gap', reason: 'unknown-id' });
});

t.test('heartbeats and ages go on while a client waits', async (t) => {
  const rig = await make(t, { heartbeatMs: 1_000, maxAgeMs: 10_000 });
  const client = await rig.served.connect('7');
  rig.clock.advance(1_000);
  rig.tick();
  await client.waitFor((seen) => seen.commentCount >= 2);
  rig.clock.advance(9_000);
  rig.tick();
  t.match(await client.closed, { why: 'complete' });
  await until(
    () => rig.served.left.length === 1,
    () => `${rig.served.left}`,
  );
  t.same(rig.served.left, ['max-age']);
  rig.tick();
  t.ok(shut(rig.asked[0]!), 'nobody needs it any more');
});
