/** What a client costs that gets nothing: memory while it stands there, CPU to let it in. */
import { setTimeout as sleep } from 'node:timers/promises';
import { rssBytes } from '../processes/usage.js';
import { Stage } from '../stage.js';
import type { Measure } from './measure.js';

const IDLE_CLIENTS = 5_000;
const ACCEPTED_CLIENTS = 3_000;
const WARM_UP_CLIENTS = 300;
const FIRST_CLIENTS = 30;
/** Slow enough for the client to have time left, whose own share is half of it all. */
const PACE = { atOnce: 50, pauseMs: 25 };
/** Until V8 has given back what the arrivals left behind. */
const SETTLE_MS = 8_000;

export const idle: Measure = {
  name: 'idle',
  title: '5,000 idle clients, resident bytes per client',
  targets: ['net', 'bare', 'naive', 'ours', 'ours detachStreams', 'nchan', 'better-sse', '@fastify/sse'],
  rows: [
    { title: 'ours', figure: 'bytesPerClient', of: 'ours', must: 12_288, aim: 8_192, unit: 'B' },
    {
      title: 'ours, detachStreams (as the command)',
      figure: 'bytesPerClient',
      of: 'ours detachStreams',
      must: 12_288,
      aim: 8_192,
      unit: 'B',
    },
    { title: 'bare', figure: 'bytesPerClient', of: 'bare', unit: 'B' },
    { title: 'net', figure: 'bytesPerClient', of: 'net', unit: 'B' },
    { title: 'naive', figure: 'bytesPerClient', of: 'naive', unit: 'B' },
    { title: 'nchan', figure: 'bytesPerClient', of: 'nchan', unit: 'B' },
    { title: 'better-sse', figure: 'bytesPerClient', of: 'better-sse', unit: 'B' },
    { title: '@fastify/sse', figure: 'bytesPerClient', of: '@fastify/sse', unit: 'B' },
  ],
  run: (target) =>
    Stage.with(target, async (stage) => {
      // Few: what many leave behind in the heap would be had for nothing by those who are counted.
      await stage.enter(FIRST_CLIENTS);
      await stage.client.ask('leave');
      await sleep(1_000);
      const before = rssBytes(stage.pids);
      await stage.enter(IDLE_CLIENTS);
      await sleep(SETTLE_MS);
      const after = rssBytes(stage.pids);
      await stage.checked();
      return { bytesPerClient: (after - before) / IDLE_CLIENTS, before, after };
    }),
};

export const accept: Measure = {
  name: 'accept',
  title: '3,000 clients come in, CPU per accepted stream',
  targets: ['net', 'bare', 'naive', 'ours', 'ours detachStreams'],
  rows: [
    { title: 'ours vs bare', figure: 'cpuMicros', of: 'ours', to: 'bare', must: 1.3, aim: 1.1 },
    {
      title: 'ours, detachStreams, vs bare',
      figure: 'cpuMicros',
      of: 'ours detachStreams',
      to: 'bare',
      must: 1.3,
      aim: 1.1,
    },
    { title: 'naive vs bare', figure: 'cpuMicros', of: 'naive', to: 'bare' },
    { title: 'net vs bare', figure: 'cpuMicros', of: 'net', to: 'bare' },
  ],
  run: (target) =>
    Stage.with(target, async (stage) => {
      for (const _ of [1, 2, 3]) {
        await stage.enter(WARM_UP_CLIENTS);
        await stage.client.ask('leave');
        await sleep(300);
      }
      await stage.client.ask('begin');
      const before = stage.cpu();
      await stage.enter(ACCEPTED_CLIENTS, PACE);
      const used = stage.cpu() - before;
      await stage.checked();
      return { cpuMicros: used / ACCEPTED_CLIENTS };
    }),
};
