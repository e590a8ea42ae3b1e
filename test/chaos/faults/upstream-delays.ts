/** Faults that are about when an upstream is asked again: neither too soon, nor all at once, nor never. */
import assert from 'node:assert/strict';
import type { ChannelOptions } from '../../../src/options.js';
import { ScriptedUpstream } from '../../helpers/scripted-upstream.js';
import { SseClient } from '../../helpers/sse-client.js';
import { until } from '../../helpers/waits.js';
import { serve } from '../../plugins/serve.js';
import type { Fault, Scene } from '../fault.js';
import { lasting, PLAIN, QUICK, RawUpstream, stage } from './upstream-stage.js';

/** The package's delays, in the short form that many times shorter. */
function delays(factor: number): ChannelOptions {
  return { backoffBaseMs: 1_000 / factor, backoffMinMs: 100 / factor, backoffMaxMs: 30_000 / factor };
}

/** A minute of an upstream that is there and at once gone again. */
async function closesAtOnce(scene: Scene, answer: string) {
  const factor = scene.full ? 1 : 20;
  const upstream = await RawUpstream.listen(scene, (socket) => socket.end(answer));
  const on = await stage(scene, upstream.url, delays(factor));
  await lasting(60_000 / factor);
  const { length } = upstream.times;
  // Delays that don't grow would make 60 of them at the base, and 400 with `retry: 100`.
  assert.ok(length >= 4 && length <= 30, `${length} connections`);
  return on.over(`${length} connections in ${60 / factor} s at a base of ${1_000 / factor} ms (limit 30)`);
}

/** An upstream that ends its streams cleanly after so long: how long it was there, and what was missed. */
async function endsEvery(scene: Scene, everyMs: number, factor: number, share: number, lastsMs: number) {
  const upstream = await ScriptedUpstream.listen();
  scene.teardown(() => upstream.close());
  const on = await stage(scene, upstream.url, { ...delays(factor), replay: true });
  await upstream.waitForConnections(1);
  upstream.start(100);
  const began = performance.now();
  let away = 0;
  let ends = 0;
  while (performance.now() - began < lastsMs) {
    await lasting(everyMs / factor);
    upstream.endAll();
    const ended = performance.now();
    ends += 1;
    await upstream.waitForRequests(ends + 1, 60_000);
    away += performance.now() - ended;
  }
  const there = 1 - away / (performance.now() - began);
  upstream.stop();
  await on.client.waitFor(({ check }) => check!.last >= upstream.number, 'the last event');
  assert.ok(on.client.check!.contiguous, String(on.client.check));
  assert.ok(there > share, `connected ${there} of the time`);
  return on.over(
    `connected ${(100 * there).toFixed(1)} % of the time over ${ends} ends (limit ${100 * share} %)`,
  );
}

/** What lies between the end of a stream that said this and the next request, ms. */
async function pauseAfter(scene: Scene, answer: () => string, options: ChannelOptions) {
  const times: number[] = [];
  const upstream = await RawUpstream.listen(scene, (socket, nth) => {
    if (nth > 0) {
      socket.write(`${PLAIN}:\n`);
      return;
    }
    socket.end(answer(), () => times.push(performance.now()));
  });
  const on = await stage(scene, upstream.url, options);
  await until(
    () => upstream.times.length > 1,
    () => 'no second request',
    30_000,
  );
  return { on, ms: upstream.times[1]! - times[0]! };
}

const unavailable = (retryAfter: string): string =>
  `HTTP/1.1 503 Service Unavailable\r\nRetry-After: ${retryAfter}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;

/** Timers and clocks differ by less than this, ms. */
const GRAIN = 5;
const SLACK_MS = 1_500;

interface Pause {
  readonly name: string;
  readonly promise: string;
  readonly answer: () => string;
  readonly options: ChannelOptions;
  readonly fromMs: number;
  readonly toMs: number;
}

const PAUSES: readonly Pause[] = [
  {
    name: 'retry: 0',
    promise: 'not asked again before backoffMinMs',
    answer: () => `${PLAIN}retry: 0\ndata: {"n":1}\n\n`,
    options: { ...QUICK, backoffMinMs: 300, backoffBaseMs: 300, backoffMaxMs: 300 },
    ...{ fromMs: 300, toMs: 330 },
  },
  {
    name: 'retry: 10^30',
    promise: 'asked again after backoffMaxMs and a tenth at the latest',
    answer: () => `${PLAIN}retry: 1${'0'.repeat(30)}\ndata: {"n":1}\n\n`,
    options: { ...QUICK, backoffMaxMs: 600 },
    ...{ fromMs: 600, toMs: 660 },
  },
  {
    name: 'Retry-After in seconds',
    promise: 'not asked again before that',
    answer: () => unavailable('1'),
    options: QUICK,
    ...{ fromMs: 1_000, toMs: 1_100 },
  },
  {
    name: 'Retry-After as a date',
    promise: 'not asked again before that',
    // A date has whole seconds: between one and two from now.
    answer: () => unavailable(new Date(Date.now() + 2_000).toUTCString()),
    options: QUICK,
    ...{ fromMs: 1_000, toMs: 2_200 },
  },
  {
    name: 'Retry-After of a year',
    promise: 'asked again after retryAfterMaxMs and a tenth at the latest',
    answer: () => unavailable('31536000'),
    options: { ...QUICK, retryAfterMaxMs: 500 },
    ...{ fromMs: 500, toMs: 550 },
  },
];

/** Channels that lose one origin together, each with a client. */
async function lostTogether(scene: Scene) {
  const channels = scene.full ? 1_000 : 400;
  const perSecond = scene.full ? 100 : 60;
  const limitMs = scene.full ? 15_000 : 10_000;
  const gateway = await serve(scene, (origin) => ({
    channels: { 'rooms/:room': { url: `${origin}/:room`, replay: true, connectWaitMs: 0 } },
    connectsPerSecond: perSecond,
  }));
  const clients = Array.from(
    { length: channels },
    (_, i) => new SseClient({ port: gateway.port, path: `/events/rooms/${i}`, keep: 'check' }),
  );
  scene.teardown(() => {
    for (const client of clients) client.destroy();
  });
  await gateway.upstream.waitForConnections(channels, 30_000);
  gateway.upstream.publishNumbered(3);
  for (const client of clients) await client.waitFor(3, 'the first events', 20_000);
  const cutAt = performance.now();
  gateway.upstream.cutAll('reset');
  gateway.upstream.publishNumbered(3);
  await gateway.upstream.waitForConnections(0);
  await gateway.upstream.waitForConnections(channels, 30_000);
  const backMs = performance.now() - cutAt;
  const times = gateway.upstream.requests.slice(channels).map(({ at }) => at);
  const most = times.reduce((max, from) => {
    const within = times.filter((at) => at >= from && at < from + 100).length;
    return Math.max(max, within);
  }, 0);
  for (const client of clients) {
    await client.waitFor(({ check }) => check!.last >= 6, 'what was missed');
    assert.ok(client.check!.contiguous, String(client.check));
  }
  const share = most / channels;
  assert.ok(share <= 0.05, `${most} of ${channels} reconnects within 100 ms`);
  assert.ok(backMs < limitMs, `all back after ${backMs} ms`);
  return {
    ...{ lost: 0, duplicated: 0, announced: 0 },
    seen: `${channels} channels: at most ${(100 * share).toFixed(1)} % of the reconnects within 100 ms (limit 5 %), all back after ${Math.round(backMs)} ms (limit ${limitMs})`,
  };
}

const MINUTE = { short: 60_000, full: 120_000 };

export const DELAYS: readonly Fault[] = [
  {
    name: 'upstream: accepts and closes at once, for a minute',
    promise: 'the delays grow: at most 30 connections',
    limitMs: MINUTE,
    run: (scene) => closesAtOnce(scene, PLAIN),
  },
  {
    name: 'upstream: the same, with retry: 100',
    promise: 'the delays grow: at most 30 connections',
    limitMs: MINUTE,
    // In the short form the minimum is what 100 ms is in the long one.
    run: (scene) => closesAtOnce(scene, `${PLAIN}retry: ${scene.full ? 100 : 5}\n\n`),
  },
  {
    name: 'upstream: ends cleanly every 29 s',
    promise: 'connected more than 95 % of the time, and nothing lost where it replays',
    limitMs: { short: 60_000, full: 400_000 },
    run: (scene) =>
      scene.full ? endsEvery(scene, 29_000, 1, 0.95, 200_000) : endsEvery(scene, 29_000, 20, 0.95, 6_000),
  },
  {
    name: 'upstream: ends cleanly every 2 s',
    promise: 'connected more than 80 % of the time, and nothing lost where it replays',
    limitMs: { short: 60_000, full: 300_000 },
    run: (scene) =>
      scene.full ? endsEvery(scene, 2_000, 1, 0.8, 180_000) : endsEvery(scene, 2_000, 4, 0.8, 8_000),
  },
  ...PAUSES.map(
    ({ name, promise, answer, options, fromMs, toMs }): Fault => ({
      name: `upstream: ${name}`,
      promise,
      async run(scene) {
        const { on, ms } = await pauseAfter(scene, answer, options);
        assert.ok(ms >= fromMs - GRAIN && ms <= toMs + SLACK_MS, `asked again after ${ms} ms`);
        return on.over(`asked again after ${Math.round(ms)} ms (${fromMs} to ${toMs})`);
      },
    }),
  ),
  {
    name: 'upstream: many channels lose one origin at once',
    promise: 'no 100 ms see more than 5 % of the reconnects; 1,000 are back within 15 s, and nothing is lost',
    run: lostTogether,
  },
];
