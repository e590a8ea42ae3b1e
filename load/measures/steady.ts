/** A thousand clients, one event per write: what one delivery costs when nothing can be put together. */
import type { Measure } from './measure.js';
import { perDelivery } from './per-delivery.js';

const figure = 'cpuMicros';

export const steady: Measure = {
  name: 'steady',
  title: '1,000 clients x 20 events/s x 128 B, CPU per delivery',
  targets: ['net', 'naive', 'ours'],
  run: perDelivery({ clients: 1_000, rate: 20, writes: 100 }),
  rows: [
    { title: 'vs naive', figure, of: 'ours', to: 'naive', must: 0.7, aim: 0.58 },
    { title: 'vs net', figure, of: 'ours', to: 'net', must: 1.4, aim: 1.1 },
    { title: 'naive vs net (the frozen baseline)', figure, of: 'naive', to: 'net' },
  ],
};

export const pending: Measure = {
  name: 'pending',
  title: '1,000 clients, 16 events pending per turn, CPU per delivery',
  targets: ['net', 'naive', 'ours'],
  run: perDelivery({ clients: 1_000, rate: 10, perWrite: 16, writes: 60 }),
  rows: [
    { title: 'vs net', figure, of: 'ours', to: 'net', must: 1.4, aim: 1.1 },
    { title: 'vs naive', figure, of: 'ours', to: 'naive' },
  ],
};
