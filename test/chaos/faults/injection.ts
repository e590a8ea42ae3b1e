/**
 * Foreign input where it could be taken for something else: paths, control characters, names that objects have already,
 * and lengths that a pattern might trip over.
 */
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { readPatterns } from '../../helpers/patterns.js';
import { RawConnection } from '../../helpers/raw-http.js';
import { type Served, serve } from '../../plugins/serve.js';
import type { Fault, Scene } from '../fault.js';

/** Answers one literal request target; the status, 0 when it is a stream that began. */
async function get(scene: Scene, { port }: Served, target: string, more = ''): Promise<string> {
  const raw = new RawConnection(
    port,
    `GET ${target} HTTP/1.1\r\nHost: a\r\n${more}Connection: close\r\n\r\n`,
  );
  scene.teardown(() => raw.destroy());
  await Promise.any([raw.waitFor('retry:'), raw.waitForClose()]);
  raw.destroy();
  return /^HTTP\/1\.1 (\d\d\d) /.exec(raw.text)?.[1] ?? raw.text;
}

/** Refused in a path segment, in every way in which it can be written. */
const REFUSED = [
  ...[
    '..',
    '.',
    '%2e%2e',
    '%2E%2e',
    '.%2e',
    '%2e',
    '%2f',
    'a%2fb',
    '..%2f..',
    '%2F..%2Fadmin',
    '%5c',
    'a%5Cb',
  ],
  ...['..%5c..', '%00', 'a%00b', '%0a', '%0d%0aX:%20y', '%7f', '%1f', '%c0%ae%c0%ae', '%c0%af', '%e0%80%af'],
  ...['%ff', '%80', '%ed%a0%80', '%zz', '%', '%4', '%f0%82%82%ac', 'a%'],
];
/** Let through as what they are: names, in one segment, whatever they look like. */
const NAMES = [
  ...[
    '%252e%252e',
    '%252f',
    '...',
    '%EF%BC%8E%EF%BC%8E',
    '%EF%BC%8F',
    '%E2%88%95',
    '%e2%80%a5',
    'a;b',
    'a%3fb',
    'a%23b',
  ],
  ...[
    '%3A%3A',
    'a%26b%3Dc',
    '%40evil.example',
    '%20',
    '%E2%80%8B',
    ':room',
    '__proto__',
    'constructor',
    '%25',
    '*',
  ],
];

const SEGMENT = /^\/rooms\/([^/?#\\]+)\/events$/;

export const INJECTION: readonly Fault[] = [
  {
    name: 'injection: paths and parameters',
    promise:
      'a parameter stays one encoded segment of the configured URL; what is none is refused, and opens nothing',
    run: async (scene) => {
      const strangers = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
      await once(strangers, 'listening');
      scene.teardown(() => strangers.close());
      let strange = 0;
      strangers.on('connection', () => (strange += 1));
      const evil = `127.0.0.1:${(strangers.address() as AddressInfo).port}`;
      const gateway = await serve(scene, { defaults: { connectWaitMs: 0 } });
      for (const segment of REFUSED)
        assert.match(await get(scene, gateway, `/events/rooms/${segment}`), /^40[04]$/, segment);
      assert.deepEqual(gateway.app.sseGateway.stats().channels, {});

      const asked = new Set<string>();
      const allow = async (segment: string) => {
        if ((await get(scene, gateway, `/events/rooms/${segment}`)) !== '200') return false;
        asked.add(decodeURIComponent(segment));
        return true;
      };
      for (const segment of NAMES) assert.ok(await allow(segment), segment);
      const random = scene.full ? 5_000 : 300;
      let admitted = 0;
      for (let i = 0; i < random; i += 1) {
        const bytes = Array.from({ length: scene.whole(1, 4) }, () =>
          scene.random() < 0.5
            ? scene.whole(0, 127)
            : [0x2e, 0x2f, 0x5c, 0x25, 0x00, 0x3a][scene.whole(0, 5)]!,
        );
        if (await allow(bytes.map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')))
          admitted += 1;
      }

      // Whatever a request says of where it wants to go to.
      const ways: [target: string, header: string][] = [
        [`http://${evil}/events/prices`, ''],
        [`/events/prices?url=http://${evil}/&upstream=${evil}`, ''],
        [
          '/events/prices',
          `X-Forwarded-Host: ${evil}\r\nForwarded: host=${evil}\r\nX-Original-URL: http://${evil}/\r\n`,
        ],
        [`//${evil}/events/prices`, ''],
        [`/events/rooms/http:%2f%2f${evil}`, ''],
        [`/events/rooms/@${evil}`, ''],
      ];
      for (const [target, header] of ways) await get(scene, gateway, target, header);
      asked.add(`@${evil}`);
      for (const { url } of gateway.upstream.requests) {
        if (url === '/prices') continue;
        const segment = SEGMENT.exec(url)?.[1];
        assert.ok(segment !== undefined, url);
        assert.ok(asked.has(decodeURIComponent(segment)), `${url} is what a client named`);
        assert.ok(!/^(?:\.|%2e){1,2}$/i.test(segment), url);
      }
      assert.equal(strange, 0);
      return {
        seen: `${REFUSED.length} refused, ${NAMES.length} names, ${admitted} of ${random} random ones let in, ${gateway.upstream.requests.length} upstream requests, 0 elsewhere`,
      };
    },
  },
  {
    name: 'injection: CR, LF and NUL',
    promise: 'none breaks out of a field: not from an id, an event name, a query, nor towards the upstream',
    run: async (scene) => {
      const gateway = await serve(scene, (origin) => ({
        channels: {
          prices: { url: `${origin}/prices`, replay: true },
          local: {},
        },
        defaults: { resumeWaitMs: 50, heartbeatMs: 100 },
      }));
      const reader = await gateway.live();
      gateway.upstream.write('id: a\0b\nevent: x\0y\ndata: 1\n\n');
      gateway.upstream.write('id: 1\revent: e\rdata: 2\rdata: event: forged\r\r\n');
      gateway.upstream.write('event: gateway.gap\ndata: {"forged":true}\n\n');
      gateway.upstream.write('retry: 1\n: comment\nunknown: field\ndata: 3\n\n');
      await reader.waitFor(4);
      assert.deepEqual(
        reader.events.map(({ data }) => data),
        ['1', '2\nevent: forged', '{"forged":true}', '3'],
      );
      assert.ok(!reader.body.includes(0) && !reader.body.includes(0x0d));
      assert.notEqual(reader.retry, 1);

      const { sseGateway } = gateway.app;
      for (const bad of [
        ...['a\nb', 'a\rb', 'a\0b', '\n', 'x\r\ndata: y'].map((text) => ({ id: text, data: '' })),
        ...['a\nb', 'a\rb', 'a\0b', 'x\r\n\r\ndata: y'].map((text) => ({ event: text, data: '' })),
      ])
        assert.throws(() => sseGateway.publish('local', bad), { code: 'SSE_GATEWAY_EVENT_INVALID' });
      const local = await gateway.reader({ path: '/events/local' });
      sseGateway.publish('local', { id: 'fine', data: 'a\r\nid: b\revent: c\n\ndata: d' });
      await local.waitFor(1);
      assert.deepEqual(
        local.events.map(({ data, type }) => [data, type]),
        [['a\nid: b\nevent: c\n\ndata: d', 'message']],
      );

      const before = gateway.upstream.requests.length;
      for (const id of ['%0d%0aX-Evil:%20y', 'a%00b', '%0a%0adata:%20forged%0a%0a', '%0did:%209']) {
        const client = gateway.client({ path: `/events/prices?lastEventId=${id}` });
        await client.waitFor(({ events }) => events.some(({ type }) => type === 'gateway.gap'), 'the gap');
        const [gap] = client.events.filter(({ type }) => type === 'gateway.gap');
        assert.equal(typeof JSON.parse(gap!.data).from, 'string');
        assert.ok(!client.events.some(({ data }) => data === 'forged'));
        assert.ok(!client.body.includes(0) && !client.body.includes(0x0d));
        client.destroy();
      }
      for (const { headers } of gateway.upstream.requests.slice(before)) {
        assert.ok(!('x-evil' in headers));
        assert.ok(!('last-event-id' in headers), 'an id that no header can carry is not sent');
      }
      return {
        lost: 0,
        duplicated: 0,
        seen: '9 events that publish refuses, 4 queries, 4 forms from upstream',
      };
    },
  },
  {
    name: 'injection: names that every object has',
    promise: 'as channels, parameters, queries and details they are names like any other',
    run: async (scene) => {
      const names = ['constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];
      const gateway = await serve(scene, (origin) => ({
        channels: {
          ...Object.fromEntries(names.map((name) => [name, {}])),
          ':__proto__/:constructor': { url: `${origin}/:__proto__/:constructor` },
          'rooms/:room': { url: `${origin}/rooms/:room/events` },
        },
      }));
      for (const name of [...names, '__proto__']) {
        const known = names.includes(name) ? '200' : '404';
        assert.equal(await get(scene, gateway, `/events/${name}`), known, name);
        assert.equal(await get(scene, gateway, `/events/rooms/${name}`), '200', name);
        const details = await gateway.ask(`/health?details=${name}&offset=__proto__`);
        assert.equal(String(details.status), known, name);
        assert.equal(
          await get(scene, gateway, `/events/rooms/a?${name}=1&${name}[x]=2&lastEventId=${name}`),
          '200',
        );
      }
      assert.equal(await get(scene, gateway, '/events/__proto__/constructor'), '200');
      const asked = gateway.upstream.requests.map(({ url }) => url);
      assert.ok(asked.includes('/__proto__/constructor') && asked.includes('/rooms/__proto__/events'));
      const health = await gateway.json<{ channels: Record<string, object> }>('/health');
      assert.deepEqual(
        Object.keys(health.channels).sort(),
        [...names, ':__proto__/:constructor', 'rooms/:room'].sort(),
      );
      const details = await gateway.json<{ channels: object }>('/health?details=rooms/:room');
      assert.ok(Object.hasOwn(details.channels, 'rooms/__proto__'));
      assert.equal((await gateway.ask('/metrics')).status, 200);
      assert.deepEqual(Object.keys(Object.prototype), []);
      return { seen: `${names.length + 1} names in five places each` };
    },
  },
  {
    name: 'injection: long input for patterns',
    promise:
      'every regular expression takes time in proportion to its input; a request with 15 KB heads is cheap',
    run: async (scene) => {
      const patterns = readPatterns();
      assert.ok(patterns.length > 20, `${patterns.length} patterns found`);
      let [slowest, where] = [0, ''];
      for (const { file, pattern } of patterns) {
        for (const input of hostile(60_000)) {
          const ms = quickest(() => {
            pattern.lastIndex = 0;
            pattern.test(input);
          });
          if (ms > slowest) [slowest, where] = [ms, `${file} ${pattern}`];
        }
      }
      // Quadratic, 60,000 characters are 3.6 thousand million steps: seconds.
      assert.ok(slowest < 200, `${slowest} ms for ${where}`);
      const gateway = await serve(scene, { defaults: { connectWaitMs: 0 } });
      let longest = 0;
      for (const name of [
        'Accept',
        'Last-Event-ID',
        'Origin',
        'Cookie',
        'Authorization',
        'X-Forwarded-For',
      ]) {
        for (const value of hostile(15_000)) {
          if (/^\s|\s$|[^\x21-\x7e ]/.test(value)) continue;
          const began = performance.now();
          await get(scene, gateway, '/events/prices', `${name}: ${value}\r\n`);
          longest = Math.max(longest, performance.now() - began);
        }
      }
      assert.ok(longest < 2_000, `${longest} ms`);
      return {
        seen: `${patterns.length} patterns, slowest ${slowest.toFixed(1)} ms for 60 KB (limit 200); longest request ${longest.toFixed(0)} ms (limit 2,000)`,
      };
    },
  },
];

/** What patterns with nested or neighbouring repetitions trip over: one piece again and again, and an end that fits nothing. */
function* hostile(length: number): IterableIterator<string> {
  const pieces = [
    'a',
    'A',
    '0',
    '9',
    ' ',
    '\t',
    '\n',
    '/',
    '/a',
    '.',
    ':',
    ',',
    ';',
    '"',
    '=',
    '-',
    '-a',
    '%',
    '&',
    '\\',
    '\0',
  ];
  for (const piece of [...pieces, 'a,', 'a/a,', 'a/a;q="', '",', '; ', '/a/', '127.', 'utf-8']) {
    const long = piece.repeat(Math.ceil(length / piece.length)).slice(0, length);
    yield long;
    yield `${long}\u{1f4a5}`;
    yield `1${long}!`;
    yield `; charset=${long}"`;
    yield `text/event-stream${long}x`;
  }
}

/** The shorter of up to three runs, ms: one that was interrupted says nothing. */
function quickest(run: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3 && least > 20; i += 1) {
    const began = performance.now();
    run();
    least = Math.min(least, performance.now() - began);
  }
  return least;
}
