/** CPU per delivery where nothing, or much, can be put together. */
import type { Measure } from './measure.js';
import { perDelivery } from './per-delivery.js';

const figure = 'cpuMicros';
const of = 'ours';

export const steady: Measure = {
  name: 'steady',
  title: '1,000 clients x 20 events/s x 128 B, CPU per delivery',
  targets: ['net', 'naive', 'ours', 'better-sse', '@fastify/sse', 'nchan', '@fastify/http-proxy'],
  run: perDelivery({ clients: 1_000, rate: 20, writes: 100 }),
  rows: [
    { title: 'ours vs naive', figure, of, to: 'naive', must: 0.7, aim: 0.58 },
    { title: 'ours vs better-sse', figure, of, to: 'better-sse', must: 0.7, aim: 0.5 },
    { title: 'ours vs @fastify/sse', figure, of, to: '@fastify/sse', must: 0.7, aim: 0.5 },
    { title: 'ours vs nchan', figure, of, to: 'nchan', must: 1, aim: 0.8 },
    { title: 'ours vs @fastify/http-proxy', figure, of, to: '@fastify/http-proxy', must: 0.35, aim: 0.26 },
    { title: 'ours vs net', figure, of, to: 'net', must: 1.4, aim: 1.1 },
    { title: 'naive vs net (the frozen baseline)', figure, of: 'naive', to: 'net' },
  ],
};

export const brisk: Measure = {
  name: 'brisk',
  title: '1,000 clients x 100 events/s x 128 B, CPU per delivery',
  targets: ['naive', 'ours', 'ours coalesceMs:10'],
  run: perDelivery({ clients: 1_000, rate: 100, writes: 400 }),
  rows: [
    { title: 'ours vs naive', figure, of, to: 'naive', must: 1, aim: 0.85 },
    { title: 'with coalesceMs: 10', figure, of: 'ours coalesceMs:10', to: 'naive', must: 0.75, aim: 0.45 },
  ],
};

export const pending: Measure = {
  name: 'pending',
  title: '1,000 clients, 16 events pending per turn, CPU per delivery',
  targets: ['net', 'ours', 'better-sse', 'naive'],
  run: perDelivery({ clients: 1_000, rate: 10, perWrite: 16, writes: 50 }),
  rows: [
    { title: 'ours vs better-sse', figure, of, to: 'better-sse', must: 0.12, aim: 0.07 },
    { title: 'ours vs net', figure, of, to: 'net', must: 1.4, aim: 1.1 },
    { title: 'ours vs naive', figure, of, to: 'naive' },
  ],
};

/** As many deliveries per second with few clients as with many. */
const few = perDelivery({ clients: 100, rate: 500, writes: 2_000, warmUp: 200 });
const many = perDelivery({ clients: 10_000, rate: 5, writes: 20, warmUp: 10 });

export const growth: Measure = {
  name: 'growth',
  title: '10,000 clients vs 100, CPU per delivery',
  targets: ['net', 'ours', 'ours detachStreams'],
  run: async (target) => {
    const small = (await few(target))['cpuMicros']!;
    const large = (await many(target))['cpuMicros']!;
    return { growth: large / small, small, large };
  },
  rows: [
    { title: "ours vs net's own growth", figure: 'growth', of, to: 'net', must: 1.15, aim: 1 },
    {
      title: "ours, detachStreams, vs net's own growth",
      figure: 'growth',
      of: 'ours detachStreams',
      to: 'net',
      must: 1.15,
      aim: 1,
    },
    { title: 'ours', figure: 'growth', of },
    { title: 'net', figure: 'growth', of: 'net' },
  ],
};
