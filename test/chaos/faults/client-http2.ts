/** HTTP/2 clients that open streams to reset them, and that grant no window. */
import assert from 'node:assert/strict';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { until } from '../../helpers/waits.js';
import { imbalance, parse } from '../../plugins/scrape.js';
import type { Served } from '../../plugins/serve.js';
import type { Fault, Scene } from '../fault.js';
import { megabytes, memory, type Stage, stageOf } from './client-stage.js';

const REQUEST = { ':path': '/events/prices', accept: 'text/event-stream' };

/** A gateway that speaks HTTP/2 in clear text. */
const stage = (scene: Scene, channel = {}): Promise<Stage> =>
  stageOf(scene, channel, {}, { fastify: { http2: true } as object });

function sessionTo(scene: Scene, gateway: Served, settings = {}): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${gateway.port}`, { settings });
  session.on('error', () => undefined);
  scene.teardown(() => session.destroy());
  return session;
}

/** Everyone has left, and the books balance. */
async function assertOver(gateway: Served): Promise<void> {
  await gateway.waitForSubscribers(0);
  const values = parse((await gateway.app.inject('/metrics')).body);
  assert.equal(imbalance(values), 0, 'the books balance');
  assert.equal(values.get('events_pending'), 0, 'pending for nobody');
}

/** Opens so many streams and resets each: at once, in the next turn, or when it has its head. */
async function resetAll(session: ClientHttp2Session, count: number): Promise<void> {
  const over: Promise<unknown>[] = [];
  for (let n = 0; n < count && !session.destroyed; n += 1) {
    const stream = session.request(REQUEST);
    stream.on('error', () => undefined).resume();
    over.push(new Promise((resolve) => stream.once('close', resolve)));
    const reset = (): void => stream.close(constants.NGHTTP2_CANCEL);
    if (n % 3 === 0) reset();
    else if (n % 3 === 1) setImmediate(reset);
    else stream.once('response', reset);
  }
  await Promise.all(over);
}

const GROWTH = 8 * 1_048_576;

const rapidReset: Fault = {
  name: 'client: HTTP/2 rapid reset',
  promise: 'subscribers return to none, the books balance, memory is flat, and other sessions are served',
  run: async (scene) => {
    const { gateway, reasons } = await stage(scene, { lingerMs: 60_000 });
    const kept = sessionTo(scene, gateway).request(REQUEST).setEncoding('utf8');
    let text = '';
    kept.on('data', (piece: string) => (text += piece));
    await until(
      () => text.includes('retry:'),
      () => text,
    );
    const attack = async (): Promise<void> => resetAll(sessionTo(scene, gateway), 300);
    await attack();
    await gateway.waitForSubscribers(1);
    const before = memory();
    const rounds = scene.full ? 100 : 6;
    for (let round = 0; round < rounds; round += 1) await attack();
    await gateway.waitForSubscribers(1);
    const grown = memory() - before;
    assert.ok(grown < GROWTH, `grown by ${megabytes(grown)}`);
    gateway.upstream.publishNumbered(1);
    await until(
      () => text.includes('id: 1\n'),
      () => text,
    );
    kept.close(constants.NGHTTP2_CANCEL);
    await assertOver(gateway);
    return {
      lost: 0,
      memoryBytes: Math.max(0, grown),
      seen: `${300 * (rounds + 1)} streams reset, ${reasons.length - 1} had begun; grown by ${megabytes(grown)}, limit ${megabytes(GROWTH)}`,
    };
  },
};

const RETAIN = 1_000_000;

const zeroWindow: Fault = {
  name: 'client: HTTP/2 without a window',
  promise: 'it goes as stalled, and holds no more of the log than any that stands still',
  run: async (scene) => {
    const { gateway, reasons } = await stage(scene, {
      ...{ retainBytes: RETAIN, maxEventBytes: RETAIN / 4, stalledMs: 500, heartbeatMs: 100 },
    });
    const reader = sessionTo(scene, gateway).request(REQUEST);
    let read = 0;
    reader.on('data', (piece: Buffer) => (read += piece.length));
    await gateway.waitForSubscribers(1);
    const shut = sessionTo(scene, gateway, { initialWindowSize: 0 });
    for (let n = 0; n < 10; n += 1) shut.request(REQUEST).on('error', () => undefined);
    await gateway.waitForSubscribers(11);
    let pinned = 0;
    let published = 0;
    while (gateway.subscribers > 1) {
      for (let n = 0; n < 20; n += 1)
        gateway.app.sseGateway.publish('prices', { id: 'a', data: 'x'.repeat(5_000) });
      published += 20 * 5_000;
      await until(
        () => read >= published,
        () => `${read} of ${published} bytes`,
      );
      pinned = Math.max(pinned, gateway.app.sseGateway.stats().channels['prices']!.log.pinnedBytes);
    }
    assert.deepEqual(reasons, Array(10).fill('stalled'));
    assert.ok(pinned <= 2 * RETAIN, `${pinned} bytes`);
    reader.close(constants.NGHTTP2_CANCEL);
    await assertOver(gateway);
    return {
      memoryBytes: pinned,
      seen: `10 stalled; pinned at most ${megabytes(pinned)}, limit ${megabytes(2 * RETAIN)}`,
    };
  },
};

export const HTTP2_FAULTS: readonly Fault[] = [rapidReset, zeroWindow];
