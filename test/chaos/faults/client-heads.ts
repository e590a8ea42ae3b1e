/** Heads of requests that never end, are absurd, or ask for something else than a stream. */
import assert from 'node:assert/strict';
import { createServer } from '../../../bin/server.js';
import type { Fault } from '../fault.js';
import { assertNobodyLeft, EVENTS, inBothForms, stageOf } from './client-stage.js';

const CLIENTS = 50;
const HEADERS_TIMEOUT_MS = 500;
const LOOK_MS = 100;

/** How a head begins, and what follows of it, piece by piece. */
const DRIPS = [
  ['', ''],
  ['GET /', 'a'],
  ['GET /events/prices HTTP/1.1\r\n', 'x-a: b\r\n'],
  [EVENTS, 'x-a: b\r\n'],
] as const;

const slowHeads = inBothForms({
  name: 'client: heads that never end',
  promise:
    "the server's own timeouts end them, none of them is a subscriber, and streams outlast those timeouts",
  run: async (scene, detachStreams) => {
    const { gateway, reasons } = await stageOf(
      scene,
      { heartbeatMs: 100 },
      { detachStreams },
      {
        fastify: {
          requestTimeout: HEADERS_TIMEOUT_MS,
          http: { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: LOOK_MS },
        },
      },
    );
    const other = await gateway.live();
    const began = performance.now();
    const clients = Array.from({ length: CLIENTS }, (_, n) => gateway.raw(DRIPS[n % DRIPS.length]![0]));
    const drip = setInterval(() => {
      for (const [n, client] of clients.entries()) client.send(DRIPS[n % DRIPS.length]![1]);
    }, 50);
    scene.teardown(() => clearInterval(drip));
    await Promise.all(clients.map((client) => client.closed));
    const tookMs = Math.round(performance.now() - began);
    for (const { text } of clients) assert.match(text, /^(?:HTTP\/1\.1 408 [\s\S]*)?$/);
    assert.ok(tookMs < 10 * HEADERS_TIMEOUT_MS, `${tookMs} ms`);
    assert.equal(gateway.subscribers, 1);
    assert.deepEqual(reasons, []);
    gateway.upstream.publishNumbered(1);
    await other.waitFor(1);
    other.destroy();
    await assertNobodyLeft(gateway);
    return { lost: 0, seen: `${CLIENTS} ended within ${tookMs} ms at a limit of ${HEADERS_TIMEOUT_MS} ms` };
  },
});

const ownTimeouts: Fault = {
  name: 'client: heads that never end, at the command',
  promise: 'heads may take 10 s and requests 30 s, where Fastify alone has no limit for requests',
  run: async (scene) => {
    const app = createServer({ channels: { local: {} } }, { level: 'silent' });
    scene.teardown(() => app.close());
    await app.ready();
    const { headersTimeout, requestTimeout } = app.server;
    assert.ok(headersTimeout > 0 && headersTimeout <= 10_000);
    assert.ok(requestTimeout > 0 && requestTimeout <= 30_000);
    const { gateway } = await stageOf(scene);
    assert.ok(gateway.app.server.headersTimeout > 0, 'a host without timeouts of its own has that of Node');
    return { seen: `${headersTimeout} and ${requestTimeout} ms` };
  },
};

/** Header lines, and which status they may get. */
const ABSURD: Readonly<Record<string, readonly [lines: string, status: RegExp]>> = {
  'a Last-Event-ID of 100 KB': [`Last-Event-ID: ${'x'.repeat(100_000)}\r\n`, /^431$/],
  'a Last-Event-ID of 15 KB': [`Last-Event-ID: ${'x'.repeat(15_000)}\r\n`, /^200$/],
  'a Last-Event-ID of control characters': ['Last-Event-ID: \x01\x7f\r\n', /^(?:200|400)$/],
  'a Last-Event-ID that is no UTF-8': ['Last-Event-ID: \xff\xfe\x80\r\n', /^200$/],
  'thousands of headers': ['x-a: b\r\n'.repeat(5_000), /^431$/],
  'two thousand short ones': ['a:\r\n'.repeat(2_500), /^(?:200|431)$/],
  'a name of 20 KB': [`${'x'.repeat(20_000)}: b\r\n`, /^431$/],
  'many that name one event': ['Last-Event-ID: 1\r\n'.repeat(500), /^200$/],
  'many that name many events': [
    Array.from({ length: 500 }, (_, n) => `Last-Event-ID: ${n}\r\n`).join(''),
    /^400$/,
  ],
  'an Accept without end': [`Accept: ${'text/a;q=0.1,'.repeat(1_000)}text/event-stream\r\n`, /^200$/],
  'a NUL': ['x-a: b\0c\r\n', /^400$/],
};

const absurd = inBothForms({
  name: 'client: absurd headers',
  promise: 'each gets an answer or a stream of its own, and nobody else notices',
  run: async (scene, detachStreams) => {
    const { gateway } = await stageOf(scene, { resumeWaitMs: 0 }, { detachStreams });
    const other = await gateway.live();
    for (const [what, [lines, wanted]] of Object.entries(ABSURD)) {
      const raw = gateway.raw(`${EVENTS}${lines}\r\n`);
      await raw.waitFor(/\r\n\r\n/);
      const status = /^HTTP\/1\.1 (\d+)/.exec(raw.text)![1]!;
      assert.match(status, wanted, what);
      if (status === '200') await raw.waitFor('retry:');
      raw.destroy();
    }
    await gateway.waitForSubscribers(1);
    gateway.upstream.publishNumbered(1);
    await other.waitFor(1);
    other.destroy();
    await assertNobodyLeft(gateway);
    return { lost: 0, seen: `${Object.keys(ABSURD).length} heads` };
  },
});

/** What other methods get: the status, and no stream. */
const METHODS: Readonly<Record<string, number>> = {
  HEAD: 200,
  OPTIONS: 204,
  POST: 405,
  PUT: 405,
  DELETE: 405,
  PATCH: 405,
  TRACE: 405,
  PROPFIND: 404,
};

const methods = inBothForms({
  name: 'client: other methods',
  promise:
    'they get a status without a body of events, and are no subscribers; a body sent with them is not read',
  run: async (scene, detachStreams) => {
    const { gateway, reasons } = await stageOf(scene, {}, { detachStreams });
    for (const [method, status] of Object.entries(METHODS)) {
      for (const body of ['\r\n', 'Content-Length: 100000000\r\nContent-Type: application/json\r\n\r\n{']) {
        const raw = gateway.raw(`${EVENTS.replace('GET', method)}Connection: close\r\n${body}`);
        const text = await raw.waitFor(/\r\n\r\n/);
        const got = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
        // A body may be refused before that.
        assert.ok(got === status || (body !== '\r\n' && got >= 400), `${method}: ${text}`);
        assert.doesNotMatch(text, /retry:/);
        raw.destroy();
      }
    }
    assert.deepEqual(reasons, []);
    await assertNobodyLeft(gateway);
    assert.equal(gateway.upstream.requests.length, 0, 'the upstream was not asked');
    return { seen: Object.entries(METHODS).flat().join(' ') };
  },
});

export const HEAD_FAULTS: readonly Fault[] = [...slowHeads, ownTimeouts, ...absurd, ...methods];
