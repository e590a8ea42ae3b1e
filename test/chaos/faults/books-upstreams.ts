/** Every way in which an upstream connection ends, an attempt fails, and what an upstream sends is not as it should be. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { CloseReason } from '../../../src/errors.js';
import type { ChannelOptions } from '../../../src/options.js';
import { freePort } from '../../helpers/process.js';
import type { SseClient } from '../../helpers/sse-client.js';
import { type UpstreamAnswer, writeAnswer } from '../../helpers/upstream-answer.js';
import { until } from '../../helpers/waits.js';
import type { Served } from '../../plugins/serve.js';
import type { Scene } from '../fault.js';
import type { BookCase, BookCases } from './books-case.js';

const QUICK: ChannelOptions = { backoffMinMs: 1, backoffBaseMs: 1, replay: true };
const RECONNECTED = ['upstream_connects_total{outcome="ok"}', 'upstream_reconnects_total{outcome="ok"}'];
const lost = (reason: string): string => `upstream_disconnects_total{reason="${reason}"}`;

/** A client that has read an event with an id. */
const fed = async (gateway: Served): Promise<SseClient[]> => {
  const client = await gateway.live();
  gateway.upstream.publishNumbered(1);
  return [await client.waitFor(1)];
};

/** The connection breaks, and the next one gets no answer. */
const ends = (
  reason: CloseReason,
  how: (gateway: Served) => unknown,
  more: ChannelOptions = {},
): BookCase => ({
  channel: { ...QUICK, ...more },
  before: fed,
  inject: (gateway) => {
    gateway.upstream.respond(() => true);
    return how(gateway);
  },
  moves: [lost(reason)],
});

/** A first attempt gets this answer; its client is in already. The next one is far away. */
const answered = (reason: CloseReason, answer: UpstreamAnswer, ...follow: string[]): BookCase => ({
  channel: { connectWaitMs: 0, backoffMinMs: 30_000, maxHeaderBytes: 4_096 },
  before: async (gateway) => {
    gateway.upstream.respond((_request, response) => {
      held.set(gateway, () => {
        response.writeHead(answer.status ?? 200, answer.headers).end();
      });
      return true;
    });
    const client = await gateway.reader();
    await until(
      () => held.has(gateway),
      () => 'the upstream was not asked',
    );
    return [client];
  },
  inject: (gateway) => held.get(gateway)!(),
  moves: ['upstream_connects_total{outcome="failed"}', ...follow],
  attempt: reason,
});
const held = new WeakMap<Served, () => void>();

/** A first attempt of a first client fails by itself. */
const attempted = (
  reason: CloseReason,
  channel: BookCase['channel'],
  before?: (gateway: Served) => Promise<SseClient[]>,
): BookCase => ({
  channel: channel!,
  ...(before === undefined ? {} : { before }),
  inject: (gateway) => gateway.reader(),
  moves: ['upstream_connects_total{outcome="failed"}', 'resumes_total{outcome="fresh"}'],
  attempt: reason,
});
const ONCE: ChannelOptions = { connectWaitMs: 0, backoffMinMs: 30_000 };

/** A port that takes connections and says nothing. */
async function silentPort(scene: Scene): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined).resume();
    scene.teardown(() => socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  scene.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

const STREAM = { 'content-type': 'text/event-stream' };
const GONE = 'client_disconnects_total{reason="upstream-failed"}';

export const UPSTREAM_BOOKS: BookCases = {
  'an upstream ends its stream': ends('ended', ({ upstream }) => upstream.endAll()),
  'an upstream connection is cut': ends('network-error', ({ upstream }) => upstream.cutAll()),
  'an upstream falls silent': ends('idle-timeout', () => undefined, { idleTimeoutMs: 500 }),
  'an upstream sends an event that is too large': ends(
    'event-too-large',
    ({ upstream }) => upstream.write(`data: ${'x'.repeat(5_000)}\n\n`),
    { maxEventBytes: 4_096 },
  ),
  'nobody reads a channel any more': {
    channel: { lingerMs: 1 },
    before: async (gateway) => [await gateway.live()],
    inject: (_gateway, [client]) => client!.destroy(),
    moves: [lost('idle'), 'client_disconnects_total{reason="client-closed"}'],
  },
  'an upstream is back at once': {
    channel: QUICK,
    before: fed,
    inject: ({ upstream }) => upstream.endAll(),
    moves: [
      'upstream_reconnects_total{outcome="ok"}',
      'upstream_connects_total{outcome="ok"}',
      lost('ended'),
    ],
  },
  'an upstream does not come back': {
    channel: { ...QUICK, backoffMinMs: 200, backoffBaseMs: 200 },
    before: fed,
    inject: ({ upstream }) => {
      upstream.respond({ status: 503, headers: { 'retry-after': '60' } });
      upstream.endAll();
    },
    moves: [
      'upstream_reconnects_total{outcome="failed"}',
      'upstream_connects_total{outcome="failed"}',
      lost('ended'),
    ],
    attempt: 'status',
  },
  'an upstream moves to its next URL': {
    channel: async (_scene, origin) => ({
      ...QUICK,
      ...{ url: [`${origin}/a`, `${origin}/b`], sharedIds: true, ids: 'auto' },
    }),
    before: fed,
    inject: ({ upstream }) => {
      upstream.respond((request, response) => request.url === '/a' && writeAnswer(response, { status: 503 }));
      upstream.endAll();
    },
    moves: [
      'upstream_switches_total',
      lost('ended'),
      'upstream_connects_total{outcome="failed"}',
      'upstream_reconnects_total{outcome="failed"}',
      ...RECONNECTED,
    ],
  },
  'an upstream can not be reached': attempted('connect-failed', async () => ({
    ...ONCE,
    url: `http://127.0.0.1:${await freePort()}`,
  })),
  'an upstream is where none may be': attempted('address-refused', { ...ONCE, privateAddresses: false }),
  'an upstream takes the connection and no more': attempted('connect-timeout', async (scene) => ({
    ...ONCE,
    connectTimeoutMs: 100,
    url: `https://127.0.0.1:${await silentPort(scene)}`,
  })),
  'an upstream takes the request and no more': attempted('first-byte-timeout', async (scene) => ({
    ...ONCE,
    firstByteTimeoutMs: 100,
    url: `http://127.0.0.1:${await silentPort(scene)}`,
  })),
  'an upstream answers with an error': answered('status', { status: 500 }),
  'an upstream answers with an encoding': answered('content-encoding', {
    headers: { ...STREAM, 'content-encoding': 'gzip' },
  }),
  'an upstream answers with too large a head': answered('headers-too-large', {
    headers: { ...STREAM, 'x-large': 'x'.repeat(5_000) },
  }),
  'an upstream answers that there is nothing': answered('no-content', { status: 204 }, GONE),
  'an upstream answers with something else': answered(
    'content-type',
    { headers: { 'content-type': 'text/html' } },
    GONE,
  ),
  'an upstream sends us elsewhere': answered(
    'redirect',
    { status: 302, headers: { location: 'http://127.0.0.2:9/' } },
    GONE,
  ),
  'an upstream sends what is no UTF-8': {
    before: fed,
    inject: ({ upstream }) => upstream.write(Buffer.from('id: a\ndata: \xff\n\n', 'latin1')),
    moves: ['events_repaired_total'],
  },
  'an upstream sends an event again': {
    channel: QUICK,
    before: fed,
    inject: ({ upstream }, [client]) => {
      const again = client!.body.subarray(client!.body.indexOf('id: 1\n'));
      upstream.respond((_request, response) => {
        response.writeHead(200, STREAM).write(again);
        return true;
      });
      upstream.endAll();
    },
    moves: ['events_repeated_total', lost('ended'), ...RECONNECTED],
  },
  'an upstream goes on where nobody knows': {
    channel: { ...QUICK, replay: false },
    before: fed,
    inject: ({ upstream }) => upstream.endAll(),
    moves: ['gaps_total{reason="upstream"}', lost('ended'), ...RECONNECTED],
  },
  'an upstream sends an id that no header can carry': {
    channel: QUICK,
    before: async (gateway) => {
      const client = await gateway.live();
      gateway.upstream.write('id: \u0001\ndata: x\n\n');
      return [await client.waitFor(1)];
    },
    inject: ({ upstream }) => upstream.endAll(),
    moves: ['cursors_unsendable_total', 'gaps_total{reason="upstream"}', lost('ended'), ...RECONNECTED],
  },
};
