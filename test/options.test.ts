import t from 'tap';
import { GatewayError } from '../src/errors.js';
import { resolveOptions } from '../src/options.js';

type Input = Parameters<typeof resolveOptions>[0];

/** The message of the refusal; what is given is wrong on purpose. */
function refusal(input: unknown): string {
  try {
    resolveOptions(input as Input);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    if (error.code !== 'SSE_GATEWAY_OPTION_INVALID') throw error;
    return error.message;
  }
  return 'accepted';
}

const channel = (options: object): string => refusal({ channels: { a: { url: 'http://a/', ...options } } });
const gateway = (options: object): string => refusal({ channels: { a: {} }, ...options });

const MAX_MS = 2 ** 31 - 1;
const MAX_INT = Number.MAX_SAFE_INTEGER;

/** Smallest and largest value of every figure. Pairs that exclude each other are given room by `beside`. */
const CHANNEL_BOUNDS: Record<string, readonly [min: number, max: number]> = {
  lingerMs: [0, MAX_MS],
  connectWaitMs: [0, MAX_MS],
  resumeWaitMs: [0, MAX_MS],
  replayBytes: [1_024, MAX_INT],
  heartbeatMs: [1, MAX_MS],
  stalledMs: [1, MAX_MS],
  keepAliveMs: [0, MAX_MS],
  maxAgeMs: [0, MAX_MS],
  retryMinMs: [1, MAX_MS],
  retryMaxMs: [1, MAX_MS],
  sliceBytes: [1_024, 1_048_576],
  coalesceMs: [0, MAX_MS],
  retainBytes: [4_096, MAX_INT],
  retainEvents: [1, 10_000_000],
  retainAgeMs: [1, MAX_MS],
  maxEventBytes: [1_024, 268_435_456],
  maxHeaderBytes: [1_024, 1_048_576],
  connectTimeoutMs: [1, MAX_MS],
  firstByteTimeoutMs: [1, MAX_MS],
  idleTimeoutMs: [1, MAX_MS],
  backoffBaseMs: [1, MAX_MS],
  backoffMinMs: [1, MAX_MS],
  backoffMaxMs: [1, MAX_MS],
  retryAfterMaxMs: [0, MAX_MS],
  maxAttempts: [1, MAX_INT],
  retryFailedMs: [0, MAX_MS],
  maxRedirects: [0, 20],
  maxSubscribers: [1, MAX_INT],
  maxChannels: [1, MAX_INT],
};
const GATEWAY_BOUNDS: Record<string, readonly [min: number, max: number]> = {
  maxLogBytes: [65_536, MAX_INT],
  maxReplayBytes: [1_024, MAX_INT],
  connectsPerSecond: [1, 100_000],
  maxConnections: [1, MAX_INT],
  maxConnectionsPerIp: [1, MAX_INT],
  acceptsPerSecond: [1, MAX_INT],
  drainDelayMs: [0, MAX_MS],
  drainMs: [0, MAX_MS],
};

/** Values of the other half of a pair, so that only the bound of this one is looked at. */
function beside(name: string): Record<string, number> {
  const wide = {
    ...{ retryMinMs: 1, retryMaxMs: MAX_MS, backoffMinMs: 1, backoffBaseMs: 1, backoffMaxMs: MAX_MS },
    ...{ maxEventBytes: 1_024, retainBytes: MAX_INT },
  };
  return Object.fromEntries(Object.entries(wide).filter(([other]) => other !== name));
}

t.test('every figure of a channel is accepted at its bounds and refused beyond, with its path', async (t) => {
  const { channels } = resolveOptions({ channels: { a: {} } });
  const figures = Object.entries(channels['a']!).filter(([, value]) => typeof value === 'number');
  t.same(figures.map(([name]) => name).sort(), Object.keys(CHANNEL_BOUNDS).sort(), 'the table is complete');
  for (const [name, [min, max]] of Object.entries(CHANNEL_BOUNDS)) {
    const rest = beside(name);
    t.equal(channel({ ...rest, [name]: min }), 'accepted', `${name} ${min}`);
    t.equal(channel({ ...rest, [name]: max }), 'accepted', `${name} ${max}`);
    for (const bad of [
      min - 1,
      max + 1,
      -1,
      Number.NaN,
      Number.NEGATIVE_INFINITY,
      '1000',
      '5s',
      null,
      true,
      [],
      {},
    ]) {
      t.match(
        channel({ ...rest, [name]: bad }),
        `sse-gateway option channels.a.${name}: expected`,
        `${name} ${bad}`,
      );
    }
    t.match(
      refusal({ defaults: { [name]: '1' }, channels: { a: {} } }),
      `sse-gateway option defaults.${name}: expected`,
    );
  }
});

t.test('every figure of the gateway is accepted at its bounds and refused beyond', async (t) => {
  for (const [name, [min, max]] of Object.entries(GATEWAY_BOUNDS)) {
    t.equal(gateway({ [name]: min }), 'accepted');
    t.equal(gateway({ [name]: max }), 'accepted');
    for (const bad of [min - 1, max + 1, Number.NaN, '1000', null, true]) {
      t.match(gateway({ [name]: bad }), `sse-gateway option ${name}: expected`, `${name} ${bad}`);
    }
  }
});

t.test('counts and bytes are whole, times need not be', async (t) => {
  for (const name of [
    'sliceBytes',
    'retainBytes',
    'retainEvents',
    'maxEventBytes',
    'maxRedirects',
    'maxAttempts',
  ]) {
    t.match(channel({ [name]: CHANNEL_BOUNDS[name]![0] + 0.5 }), `channels.a.${name}: expected`);
  }
  t.equal(channel({ heartbeatMs: 1.5 }), 'accepted');
  for (const name of ['maxAttempts', 'maxSubscribers'])
    t.equal(channel({ [name]: Number.POSITIVE_INFINITY }), 'accepted');
  for (const name of ['maxConnections', 'maxConnectionsPerIp', 'acceptsPerSecond'])
    t.equal(gateway({ [name]: Number.POSITIVE_INFINITY }), 'accepted');
});

t.test('the words of each choice are accepted, and any other refused with all of them', async (t) => {
  const choices = {
    ids: ['auto', 'upstream', 'gateway'],
    onGap: ['signal', 'reject', 'silent'],
    onSlow: ['skip', 'disconnect'],
  };
  for (const [name, words] of Object.entries(choices)) {
    for (const word of words) t.equal(channel({ [name]: word }), 'accepted');
    for (const bad of ['Auto', '', 1, null]) {
      t.match(channel({ [name]: bad }), `channels.a.${name}: expected one of ${words.join(', ')}; got`);
    }
  }
  for (const replay of [true, false, 'unknown', 'proven']) t.equal(channel({ replay }), 'accepted');
  t.match(
    channel({ replay: 'yes' }),
    'channels.a.replay: expected unknown, proven, true or false; got "yes"',
  );
  for (const name of ['always', 'required'])
    t.match(channel({ [name]: 'true' }), 'expected true or false; got "true"');
  for (const pool of [true, false, 'poison']) t.equal(gateway({ pool }), 'accepted');
  t.match(gateway({ pool: 'no' }), 'option pool: expected');
});

t.test('an unknown option is named with its path and the one that is probably meant', async (t) => {
  t.match(channel({ heartbeat: 5 }), 'channels.a.heartbeat: unknown option, did you mean heartbeatMs?');
  t.match(channel({ heartbeatSeconds: 5 }), 'unknown option, did you mean heartbeatMs?');
  t.match(channel({ retainbytes: 5 }), 'did you mean retainBytes?');
  t.match(channel({ retryMax: 5 }), 'did you mean retryMaxMs?');
  t.match(
    refusal({ channels: { a: {} }, defaults: { linger: 5 } }),
    'defaults.linger: unknown option, did you mean lingerMs?',
  );
  t.match(
    refusal({ channel: {}, channels: { a: {} } }),
    'option channel: unknown option, did you mean channels?',
  );
  t.match(refusal({ channels: { a: {} }, defaults: { url: 'http://x' } }), 'defaults.url: unknown option');
  t.match(channel({ tls: { pfx: '' } }), 'channels.a.tls.pfx: unknown option');
});

t.test('what resembles nothing gets no suggestion', async (t) => {
  for (const name of ['zebra', 's', 'ms', 'Bytes']) {
    t.equal(channel({ [name]: 5 }), `sse-gateway option channels.a.${name}: unknown option`);
  }
});

t.test('several faults are one error: the first by name, the others by number', async (t) => {
  t.match(channel({ lingerMs: -1, heartbeatMs: -1, stalledMs: -1 }), /channels\.a\.\w+: .* \(and 2 more\)$/);
});

t.test('what was given is shown, cut short', async (t) => {
  const message = channel({ lingerMs: 'x'.repeat(1_000) });
  t.match(message, 'got "xxx');
  t.ok(message.length < 250, message);
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  for (const odd of [() => 1, 1n, Symbol('x'), circular, [], Object.create(null)]) {
    t.match(channel({ lingerMs: odd }), /channels\.a\.lingerMs: expected .*; got a value of type \w+$/);
  }
});

t.test('a channel overrides the defaults, and they override ours', async (t) => {
  const { channels } = resolveOptions({
    defaults: { lingerMs: 5, heartbeatMs: 6, headers: { a: '1' } },
    channels: { a: { lingerMs: 7 }, b: { url: 'http://b/', headers: { b: '2' }, heartbeatMs: undefined } },
  });
  t.match(channels['a'], { lingerMs: 7, heartbeatMs: 6, stalledMs: 30_000, headers: { a: '1' } });
  t.match(channels['b'], { lingerMs: 5, headers: { b: '2' } });
  t.same(channels['b']?.headers, { b: '2' }, 'replaced, not merged');
  t.equal(channels['b']?.heartbeatMs, 6, 'undefined overrides nothing');
});

t.test('what is resolved is frozen to the ground, and what was given stays as it was', async (t) => {
  const input = {
    channels: { a: { url: 'http://x/', headers: { h: '1' } } },
    defaults: { tls: { ca: 'c' } },
  };
  const copy = structuredClone(input);
  const resolved = resolveOptions(input);
  t.same(input, copy);
  t.notOk(Object.isFrozen(input.channels.a.headers));
  const { channels } = resolved;
  for (const value of [resolved, channels, channels['a'], channels['a']!.headers, channels['a']!.tls]) {
    t.ok(Object.isFrozen(value));
  }
  t.throws(() => Object.assign(channels['a']!.headers, { h: '2' }), TypeError);
});

t.test('the URL is absolute http or https, and knows only parameters of the name', async (t) => {
  for (const url of ['http://a', 'https://u:p@a:8/x?y#z']) t.equal(channel({ url }), 'accepted');
  for (const url of ['', '/events', 'a.example', 'ftp://a/', 'file:///x', 'http://', 'javascript:1']) {
    t.match(channel({ url }), 'channels.a.url: expected an absolute http: or https: URL', url);
  }
  t.match(channel({ url: 5 }), 'channels.a.url: expected a URL, or a list of 1 to 16 URLs; got 5');
  t.match(channel({ url: 'http://a/:room' }), 'channels.a.url: the channel name has no parameter :room');
  t.equal(refusal({ channels: { 'r/:room': { url: 'http://a/:room/x' } } }), 'accepted');
  t.match(refusal({ channels: { 'r/:room': { url: 'http://a/:rooms/x' } } }), 'no parameter :rooms');
});

t.test('a channel name is made of plain segments and parameters', async (t) => {
  for (const name of ['a', 'a/b', 'rooms/:room', ':a/:b', 'A-z_0.9~', ':_x1']) {
    t.equal(refusal({ channels: { [name]: {} } }), 'accepted', name);
  }
  for (const name of [
    '',
    '/',
    '/a',
    'a/',
    'a//b',
    '.',
    '..',
    'a/../b',
    'a b',
    'a%20',
    ':',
    ':1',
    ':a-b',
    'é',
    'a?b',
    '*',
    'a:b',
  ]) {
    t.match(refusal({ channels: { [name]: {} } }), 'a channel name has segments of', JSON.stringify(name));
  }
  t.match(refusal({ channels: { ':a/:a': {} } }), 'a parameter is named twice');
});

t.test('there is at least one channel, and all are objects', async (t) => {
  for (const none of [undefined, null, 5, 'x'])
    t.match(refusal({ channels: none }), 'option channels: expected');
  t.match(refusal({ channels: {} }), 'option channels: expected at least one channel');
  t.match(
    refusal({ channels: { a: 'http://x' } }),
    'option channels.a: expected an object; got a value of type string',
  );
  t.match(refusal({ channels: { a: {} }, defaults: 5 }), 'option defaults: expected an object; got 5');
  for (const input of [undefined, null, 5]) t.match(refusal(input), 'sse-gateway option (root):');
});

t.test('headers are headers, and none of those that the gateway sends itself', async (t) => {
  t.equal(channel({ headers: { 'X-Key': 'é ~\t' } }), 'accepted');
  for (const headers of [
    { 'a b': 'x' },
    { '': 'x' },
    { a: 'x\r\ny: z' },
    { a: '\u0000' },
    { a: '😀' },
    { a: 5 },
  ]) {
    t.match(channel({ headers }), 'channels.a.headers', JSON.stringify(headers));
  }
  for (const name of [
    'Host',
    'accept',
    'Last-Event-ID',
    'CONNECTION',
    'Content-Length',
    'transfer-encoding',
  ]) {
    t.match(channel({ headers: { [name]: 'x' } }), 'channels.a.headers: may not set', name);
  }
});

t.test('an error shows nothing of what may be secret', async (t) => {
  const secret = 'hunter2';
  const wrong: unknown[] = [
    { channels: { a: { headers: { authorization: `${secret}\n` } } } },
    { channels: { a: { headers: { authorization: secret, host: 'x' } } } },
    { channels: { a: { headers: secret } } },
    { channels: { a: { url: `ftp://u:${secret}@a/` } } },
    { channels: { a: `http://u:${secret}@a/` } },
    { channels: { a: { tls: { key: [secret] } } } },
    { channels: { a: { tls: secret } } },
    { channels: { a: {} }, defaults: secret },
    { channels: secret },
    { channels: [secret] },
  ];
  for (const input of wrong)
    t.match(refusal(input), /^sse-gateway option (?!.*hunter2)/, JSON.stringify(input));
});

t.test('a pair of bounds stands in order, after defaults and own values are put together', async (t) => {
  t.match(
    channel({ retryMinMs: 6_000 }),
    'channels.a.retryMinMs: must not be above retryMaxMs (5000); got 6000',
  );
  t.match(channel({ backoffMaxMs: 500 }), 'channels.a.backoffBaseMs: must not be above backoffMaxMs (500)');
  t.match(channel({ backoffMinMs: 40_000 }), 'backoffMinMs: must not be above backoffMaxMs');
  t.match(channel({ retainBytes: 4_096 }), 'maxEventBytes: must not be above retainBytes (4096)');
  t.match(
    refusal({ defaults: { retryMaxMs: 10 }, channels: { a: {} } }),
    'channels.a.retryMinMs: must not be above',
  );
  t.equal(refusal({ defaults: { retryMaxMs: 10 }, channels: { a: { retryMinMs: 10 } } }), 'accepted');
});

t.test('a name is a label', async (t) => {
  for (const name of ['a', 'A-b_c.9', 'x'.repeat(64)]) t.equal(gateway({ name }), 'accepted');
  for (const name of ['', 'a b', 'x'.repeat(65), 'é', 5]) t.match(gateway({ name }), 'option name: expected');
});

t.test('a list of URLs is checked URL by URL, and may not be empty, repeat itself or be long', async (t) => {
  const url = (list: unknown): string => channel({ url: list });
  t.equal(url(['http://a/x', 'https://b:1/x']), 'accepted');
  t.equal(url(['http://a']), 'accepted');
  for (const bad of [[], ['http://a', 5], Array.from({ length: 17 }, (_, i) => `http://a/${i}`)])
    t.match(url(bad), 'channels.a.url: expected a URL, or a list of 1 to 16 URLs; got');
  t.match(url(['http://a', 'ftp://b']), 'channels.a.url: expected an absolute http: or https: URL');
  t.match(url(['http://a', 'http://b/:room']), 'channels.a.url: the channel name has no parameter :room');
  t.match(url(['http://a', 'http://A:80/']), 'channels.a.url: a URL is listed twice');
  t.notMatch(url(['http://u:secret@a', 'ftp://u:secret@b']), 'secret');
  const { channels } = resolveOptions({
    channels: { a: { url: 'http://a' }, b: {}, c: { url: ['http://c'] } },
  });
  t.same(
    [channels['a']?.url, channels['b']?.url, channels['c']?.url],
    [['http://a'], [], ['http://c']],
    'resolved to lists',
  );
  t.ok(Object.isFrozen(channels['c']?.url));
});

t.test('several URLs have minted ids, unless they share those of the upstream', async (t) => {
  const url = ['http://a', 'http://b'];
  const idsOf = (more: object) => resolveOptions({ channels: { a: { url, ...more } } }).channels['a']?.ids;
  t.equal(idsOf({}), 'gateway');
  t.equal(idsOf({ sharedIds: true }), 'gateway');
  t.equal(idsOf({ sharedIds: true, ids: 'auto' }), 'auto');
  t.equal(idsOf({ url: ['http://a'] }), 'auto');
  for (const ids of ['auto', 'upstream']) {
    t.match(channel({ url, ids }), `channels.a.ids: with several URLs expected gateway, or sharedIds: true`);
    t.match(
      refusal({ defaults: { ids }, channels: { a: { url } } }),
      `channels.a.ids: with several URLs expected gateway`,
    );
  }
});

t.test('a name that is not known is told before what is missing in its place', async (t) => {
  t.throws(() => resolveOptions({ chanels: {} } as never), /chanels: unknown option/);
});
