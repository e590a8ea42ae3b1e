/** Clients that go away in the middle of coming: at every point between the request and the end of a replay. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { until } from '../../helpers/waits.js';
import { CERTIFICATE, PRIVATE_KEY } from '../../upstream/certificate.js';
import type { Fault } from '../fault.js';
import { assertNobodyLeft, EVENTS, inBothForms, type Stage, stageOf } from './client-stage.js';

const REPLAYED = 400;
const EVENT_BYTES = 10_000;

/** One client, up to the moment at which it goes. */
type Moment = (stage: Stage) => Promise<{ reset(): void }>;

const MOMENTS: Readonly<Record<string, Moment>> = {
  'before it has sent its request': async ({ gateway }) => gateway.raw('GET /events/pri'),
  'behind its request': async ({ gateway }) => gateway.raw(`${EVENTS}\r\n`),
  'when the request is seen': async ({ gateway }) => {
    const seen = once(gateway.app.server, 'request');
    const raw = gateway.raw(`${EVENTS}\r\n`);
    await seen;
    return raw;
  },
  'at the first byte': async ({ gateway }) => {
    const raw = gateway.raw(`${EVENTS}\r\n`);
    await raw.waitFor(1);
    return raw;
  },
  'in the middle of a replay': async ({ gateway }) => {
    const raw = gateway.raw(`${EVENTS}Last-Event-ID: 1\r\n\r\n`);
    await raw.waitFor(EVENT_BYTES * 3);
    return raw;
  },
  'with requests behind it': async ({ gateway }) => {
    const raw = gateway.raw(`${EVENTS}\r\n`.repeat(20));
    await raw.waitFor('retry:');
    return raw;
  },
};

const resets = inBothForms({
  name: 'client: resets while it comes',
  promise: 'nothing of it stays: no subscriber, no place, no connection, and the others miss nothing',
  run: async (scene, detachStreams) => {
    const times = scene.full ? 2_000 : 60;
    const stage = await stageOf(
      scene,
      { lingerMs: 60_000 },
      { detachStreams, maxConnections: 100, maxConnectionsPerIp: 100 },
      { upstream: { dataBytes: EVENT_BYTES } },
    );
    const { gateway } = stage;
    const other = await gateway.live({ keep: 'check' });
    gateway.upstream.publishNumbered(REPLAYED);
    await other.waitFor(REPLAYED);
    const moments = Object.entries(MOMENTS);
    for (let client = 0; client < times; client += 1) {
      const [, moment] = moments[client % moments.length]!;
      (await moment(stage)).reset();
    }
    await gateway.waitForSubscribers(1);
    gateway.upstream.publishNumbered(1);
    await other.waitFor(REPLAYED + 1);
    // As many places as ever: more streams at once than were reset, were each of those to hold one.
    const full = await Promise.all(Array.from({ length: 99 }, () => gateway.reader()));
    full.push(other);
    assert.equal(gateway.subscribers, 100, 'all places are free again');
    for (const client of full) client.destroy();
    await assertNobodyLeft(gateway);
    assert.equal(gateway.upstream.streamsTotal, 1, 'one upstream connection for all');
    return { lost: 0, duplicated: 0, seen: `${times} resets at ${moments.length} moments, 0 left` };
  },
});

const waiting = inBothForms({
  name: 'client: resets while it waits for the head of the upstream',
  promise: 'nothing of it stays, and the channel is free to be forgotten',
  run: async (scene, detachStreams) => {
    const { gateway, reasons } = await stageOf(
      scene,
      { lingerMs: 0, connectWaitMs: 60_000 },
      { detachStreams },
    );
    let answer: (() => void) | undefined;
    gateway.upstream.respond((_request, response) => {
      answer = () => void response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      return true;
    });
    let seen = 0;
    gateway.app.server.on('request', () => (seen += 1));
    const clients = Array.from({ length: 50 }, () => gateway.raw(`${EVENTS}\r\n`));
    await gateway.upstream.waitForRequests(1);
    await until(
      () => seen === clients.length,
      () => `${seen} requests`,
    );
    for (const client of clients) client.reset();
    answer!();
    await gateway.waitForState('idle');
    assert.equal(reasons.length, 0, 'none of them had begun');
    await assertNobodyLeft(gateway);
    return { seen: `${clients.length} clients, 0 left, the upstream closed` };
  },
});

const halfClosed = inBothForms({
  name: 'client: closes its half behind the request',
  promise: 'it is gone: its stream ends, whole as far as it goes',
  run: async (scene, detachStreams) => {
    const { gateway, reasons } = await stageOf(scene, {}, { detachStreams });
    const other = await gateway.live();
    for (let client = 0; client < 20; client += 1) {
      const raw = gateway.raw(`${EVENTS}\r\n`);
      raw.end();
      assert.match(await raw.waitForClose(), /^(?:HTTP\/1\.1 200 OK\r\n[\s\S]*\n\n\r\n(?:0\r\n\r\n)?)?$/);
    }
    await gateway.waitForSubscribers(1);
    assert.ok(
      reasons.every((reason) => reason === 'client-closed'),
      reasons.join(),
    );
    other.destroy();
    await assertNobodyLeft(gateway);
    return { seen: `20 clients, ${reasons.length} streams began, 0 left` };
  },
});

/** The beginning of a TLS record that says it is longer. */
const HELLO = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]);

const handshakes: Fault = {
  name: 'client: breaks TLS handshakes off',
  promise: 'nothing of it stays, and those that follow are served',
  run: async (scene) => {
    const https = { https: { key: PRIVATE_KEY, cert: CERTIFICATE } };
    const { gateway } = await stageOf(scene, {}, {}, { fastify: https as object });
    const connections = () =>
      new Promise<number>((resolve) => gateway.app.server.getConnections((_error, count) => resolve(count)));
    for (let client = 0; client < 100; client += 1) {
      const socket = connect(gateway.port, '127.0.0.1').on('error', () => undefined);
      await once(socket, 'connect');
      socket.write(client % 3 === 0 ? 'GET / HTTP/1.1\r\n\r\n' : HELLO);
      if (client % 2 === 0) socket.resetAndDestroy();
      else socket.end();
      socket.resume();
    }
    let open = -1;
    await until(
      () => {
        void connections().then((count) => (open = count));
        return open === 0;
      },
      () => `${open} connections`,
    );
    return { seen: '100 handshakes, 0 connections left' };
  },
};

export const ATTACH_FAULTS: readonly Fault[] = [...resets, ...waiting, ...halfClosed, handshakes];
