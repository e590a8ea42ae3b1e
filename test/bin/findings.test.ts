import t from 'tap';
import { findings } from '../../bin/findings.js';
import { type ChannelOptions, type GatewayOptions, resolveOptions } from '../../src/index.js';

/** Level and path of what is found. */
function found(options: GatewayOptions, host?: string): string[] {
  return findings(resolveOptions(options), host).map(({ level, path }) => `${level} ${path}`);
}

function inChannel(options: ChannelOptions): string[] {
  return found({ channels: { a: { url: 'http://up/', replay: true, ...options } } });
}

t.test('the defaults are wise but for what only the user can know', async (t) => {
  t.same(found({ channels: { a: { url: 'http://up/' } } }), ['hint channels.a.replay']);
  t.same(inChannel({}), []);
  t.same(found({ channels: { own: {} } }), []);
});

t.test('each pair of timings that fight each other is found, at its border', async (t) => {
  const borders: [option: string, wise: ChannelOptions, unwise: ChannelOptions][] = [
    ['heartbeatMs', { heartbeatMs: 29_999 }, { heartbeatMs: 30_000 }],
    ['idleTimeoutMs', { idleTimeoutMs: 15_001 }, { idleTimeoutMs: 15_000 }],
    ['retainAgeMs', { retainAgeMs: 10_000 }, { retainAgeMs: 9_999 }],
    ['retryMaxMs', { retryMinMs: 4_999 }, { retryMinMs: 5_000 }],
    ['lingerMs', { lingerMs: 5_000 }, { lingerMs: 4_999 }],
    ['stalledMs', { maxAgeMs: 30_001 }, { maxAgeMs: 30_000 }],
    ['maxEventBytes', { retainBytes: 2_097_152 }, { retainBytes: 2_097_151 }],
  ];
  for (const [option, wise, unwise] of borders) {
    t.same(inChannel(wise), [], `${option} is wise`);
    t.same(inChannel(unwise), [`warning channels.a.${option}`], `${option} is not`);
  }
});

t.test('what does not apply is not found', async (t) => {
  t.same(inChannel({ maxAgeMs: 0, stalledMs: 60_000 }), [], 'streams without a longest age');
  t.same(inChannel({ always: true, lingerMs: 0 }), [], 'an upstream that is never closed');
  t.same(found({ channels: { own: { lingerMs: 0, idleTimeoutMs: 1_000 } } }), [], 'no upstream at all');
});

t.test('a drain that outlasts the grace period is found', async (t) => {
  const channels = { own: {} };
  t.same(found({ channels, drainDelayMs: 24_000 }), []);
  t.same(found({ channels, drainDelayMs: 24_001 }), ['warning drainDelayMs']);
});

t.test('logs that do not fit the budget are found', async (t) => {
  const many = Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`c${i}`, {}]));
  t.same(found({ channels: many }), ['hint maxLogBytes']);
  t.same(found({ channels: { own: {} }, maxLogBytes: 1_048_576 }), ['warning maxLogBytes']);
});

t.test('listening for others is hinted at', async (t) => {
  const channels = { own: {} };
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost'])
    t.same(found({ channels }, host), [], host);
  for (const host of ['0.0.0.0', '::', '10.0.0.1'])
    t.same(found({ channels }, host), ['hint listen.host'], host);
});

t.test('what channels share is said once, and warnings come first', async (t) => {
  const channels = {
    a: { url: 'http://up/' },
    b: { url: 'http://up/' },
    c: { url: 'http://up/', replay: true },
  };
  t.same(found({ channels, defaults: { heartbeatMs: 60_000 } }), [
    'warning channels.a.heartbeatMs (and 2 more)',
    'hint channels.a.replay (and 1 more)',
  ]);
});
