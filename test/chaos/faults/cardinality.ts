/** Clients and upstreams that name things: paths, ids, parameters and event names of their own, by the thousand. */
import assert from 'node:assert/strict';
import { CLOSE_REASONS } from '../../../src/errors.js';
import { rawRequest } from '../../helpers/raw-http.js';
import { until } from '../../helpers/waits.js';
import { scrape } from '../../plugins/scrape.js';
import type { Served } from '../../plugins/serve.js';
import type { Fault, Scene } from '../fault.js';
import { megabytes, memory, stageOf } from './client-stage.js';

const CHANNELS = 1_000;
/** Clients at once: more would be more sockets, not more names. */
const ABREAST = 50;
const GROWTH = 8 * 1_048_576;

/** A name that nobody has used, of characters that a path, a header and a field can all have. */
function nameFrom(scene: Scene): string {
  return Array.from({ length: 3 }, () => Math.floor(scene.random() * 2 ** 40).toString(36)).join('-');
}

/** So many of everything that can be named from outside. */
async function nameMany(scene: Scene, gateway: Served, count: number): Promise<void> {
  for (let from = 0; from < count; from += ABREAST) {
    const names = Array.from({ length: Math.min(ABREAST, count - from) }, () => nameFrom(scene));
    const asked = names.map((name, n) => {
      gateway.app.sseGateway.publish('prices', { id: name, event: name, data: name });
      const path = n % 2 === 0 ? `/${name}` : `/events/${name}`;
      return `GET ${path}?${name}=1 HTTP/1.1\r\nHost: ${name}\r\nLast-Event-ID: ${name}\r\n\r\n`;
    });
    const paths = rawRequest(
      gateway.port,
      `${asked.join('')}GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    );
    const rooms = names.map((name) =>
      rawRequest(
        gateway.port,
        `GET /events/rooms/${name} HTTP/1.1\r\nHost: a\r\nLast-Event-ID: ${name}\r\n\r\n`,
      ),
    );
    await Promise.all(rooms.map((room) => room.waitFor('retry:')));
    for (const room of rooms) room.destroy();
    const answers = await paths.waitForClose();
    assert.equal(answers.match(/HTTP\/1\.1 404/g)?.length, names.length);
    await gateway.waitForSubscribers(0);
  }
}

/** A series without the reason why a stream ended: which of them occur is chance, and their set is closed. */
function configured(series: string): string {
  return series.replace(/reason="([^"]*)"/, (label, reason) =>
    CLOSE_REASONS.includes(reason) ? 'reason' : label,
  );
}

const named: Fault = {
  name: 'cardinality: random paths, ids, parameters and event names',
  promise: 'no series has a label from them, and the channels they made are forgotten with their memory',
  limitMs: { short: 60_000, full: 600_000 },
  run: async (scene) => {
    const { gateway } = await stageOf(
      scene,
      {},
      {
        channels: {
          prices: { retainEvents: 100 },
          'rooms/:room': { maxChannels: CHANNELS, lingerMs: 0, resumeWaitMs: 0, heartbeatMs: 100 },
        },
      },
    );
    const forgotten = (): Promise<void> => {
      const channels = () => Object.keys(gateway.app.sseGateway.stats().channels);
      return until(
        () => channels().length === 1,
        () => `${channels().length} channels`,
        20_000,
      );
    };
    const look = async () => [...new Set([...(await scrape(gateway)).keys()].map(configured))].sort();
    await nameMany(scene, gateway, 500);
    await forgotten();
    const series = await look();
    const before = memory();
    const count = scene.full ? 10_000 : 1_000;
    for (let done = 0; done < count; done += 1_000) {
      await nameMany(scene, gateway, 1_000);
      scene.progress(`${done + 1_000} of ${count}`);
    }
    await forgotten();
    const grown = memory() - before;
    assert.deepEqual(await look(), series, 'the same series as before');
    assert.ok(grown < GROWTH, `grown by ${megabytes(grown)}`);
    await gateway.waitForSubscribers(0);
    return {
      memoryBytes: Math.max(0, grown),
      seen: `${count} names each: ${series.length} series before and after; grown by ${megabytes(grown)}, limit ${megabytes(GROWTH)}`,
    };
  },
};

export const CARDINALITY_FAULTS: readonly Fault[] = [named];
