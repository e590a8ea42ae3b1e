/** The scenarios that autocannon can see: streams that are opened and left, streams that end, and the traffic of open ones. */

import type { Fire, Fired } from '../processes/autocannon.js';
import { Child } from '../processes/child.js';
import { Stage, Void } from '../stage.js';
import type { Figures, Measure } from './measure.js';

const CONNECTIONS = 500;
const SECONDS = 6;
const NEVER = 60;
const of = 'ours';

function fire(options: Omit<Fire, 'url'>, eventsPerSecond: number): (target: string) => Promise<Figures> {
  return (target) =>
    Stage.with(target, async (stage) => {
      const cannon = new Child('processes/autocannon', 1);
      try {
        if (eventsPerSecond > 0) stage.offerAlong({ rate: eventsPerSecond });
        const before = stage.cpu();
        const fired = await cannon.ask<Fired>('fire', { ...options, url: stage.url });
        const used = stage.cpu() - before;
        const { opened, refused, ended, errors, events } = fired;
        if (refused + errors > 0) throw new Void(`${refused} refused, ${errors} errors`);
        return {
          openedPerSecond: opened / options.seconds,
          endedPerSecond: ended / options.seconds,
          eventsPerSecond: events / options.seconds,
          serverBusy: used / 1e6 / options.seconds,
        };
      } finally {
        await cannon.kill();
      }
    });
}

export const connects: Measure = {
  name: 'connects',
  title: 'autocannon, 500 clients that leave and come back every second',
  targets: ['ours', 'naive'],
  run: fire({ connections: CONNECTIONS, seconds: SECONDS, leaveAfter: 1 }, 20),
  rows: [{ title: 'streams opened', figure: 'openedPerSecond', of, bound: 'min', unit: '/s' }],
};

export const finite: Measure = {
  name: 'finite',
  title: 'autocannon, 500 clients, streams that end within a second',
  targets: ['ours maxAgeMs:500'],
  run: fire({ connections: CONNECTIONS, seconds: SECONDS, leaveAfter: NEVER }, 20),
  rows: [{ title: 'streams ended properly', figure: 'endedPerSecond', of: 'ours maxAgeMs:500', unit: '/s' }],
};

export const fanOut: Measure = {
  name: 'fan-out',
  title: 'autocannon, 500 clients x 50 events/s',
  targets: ['ours', 'naive'],
  run: fire({ connections: CONNECTIONS, seconds: SECONDS, leaveAfter: NEVER }, 50),
  rows: [{ title: 'events seen', figure: 'eventsPerSecond', of, unit: '/s' }],
};
