/**
 * Clients whose network goes silent: no FIN, no RST, no answer. Nothing but the gateway's own limits can find them, and it
 * says by which it did. They live in a network namespace that is cut off.
 */
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import Fastify from 'fastify';
import t, { type Test } from 'tap';
import type { StreamInfo } from '../../plugins/options.js';
import sseGateway from '../../plugins/plugin.js';
import type { ChannelOptions } from '../../src/index.js';
import { until } from '../helpers/waits.js';
import { Program } from '../interop/program.js';
import { FULL, TIMEOUT_MS } from './fixtures/form.js';
import { openNamespace } from './fixtures/namespace.js';

t.setTimeout(TIMEOUT_MS);

const READERS = FULL ? 200 : 20;
/** Of a stream that fills sockets before they are cut: what they can all take. */
const BUSY_READERS = 5;
const READERS_FILE = fileURLToPath(new URL('./fixtures/readers-process.js', import.meta.url));
/** How late a limit may be noticed: a tick of the gateway, and a busy machine. */
const LATE_MS = 1_500;

interface Ended {
  readonly reason: StreamInfo['reason'];
  /** Since the stream began, and since the network was cut. */
  readonly ageMs: number;
  readonly silentMs: number;
}

/**
 * Cuts the network of readers that are served so many bytes per event, so often; resolves with how each of them
 * ended. Undefined: skipped.
 */
async function cutOff(
  t: Test,
  channel: ChannelOptions,
  dataBytes: number,
  everyMs: number,
  count: number,
): Promise<readonly Ended[] | undefined> {
  const namespace = await openNamespace(t);
  if (namespace === undefined) return undefined;
  const app = Fastify();
  t.teardown(() => app.close());
  const ended: Ended[] = [];
  let cutAt = Number.NaN;
  await app.register(sseGateway, {
    drainMs: 0,
    channels: { events: { heartbeatMs: 200, ...channel } },
    onStream: (_request, { type, reason, durationMs = 0 }) => {
      if (type === 'close') ended.push({ reason, ageMs: durationMs, silentMs: performance.now() - cutAt });
    },
  });
  await app.listen({ port: 0, host: namespace.host });
  const { port } = app.server.address() as AddressInfo;
  const data = 'x'.repeat(dataBytes);
  const publishing = setInterval(() => app.sseGateway.publish('events', { data }), everyMs);
  t.teardown(() => clearInterval(publishing));
  const command = [
    process.execPath,
    READERS_FILE,
    namespace.host,
    String(port),
    '/events/events',
    String(count),
  ];
  const readers = new Program(t, namespace.ip, [...namespace.inside, ...command]);
  await readers.waitForOutput(/^open$/m, 30_000);
  cutAt = performance.now();
  namespace.cut();
  await until(
    () => ended.length === count,
    () => `${ended.length} of ${count} are gone: ${JSON.stringify(ended.slice(0, 3))}`,
    30_000,
  );
  const connections = await new Promise((resolve) => app.server.getConnections((_, count) => resolve(count)));
  const range = (of: (one: Ended) => number) => {
    const values = ended.map(of).sort((a, b) => a - b);
    return `${Math.round(values[0]!)} to ${Math.round(values.at(-1)!)} ms`;
  };
  t.comment(
    `${count} gone as ${[...new Set(ended.map(({ reason }) => reason))]}, ${range(({ silentMs }) => silentMs)} after the cut, aged ${range(({ ageMs }) => ageMs)}; ${connections} sockets still open`,
  );
  readers.stop();
  return ended;
}

t.test('clients gone silent are gone for the gateway within maxAgeMs', { timeout: TIMEOUT_MS }, async (t) => {
  // The readers' start is in it, on a busy machine too.
  const maxAgeMs = 8_000;
  const ended = await cutOff(t, { maxAgeMs, stalledMs: 60_000 }, 100, 200, READERS);
  if (ended === undefined) return;
  for (const { reason, ageMs, silentMs } of ended) {
    t.equal(reason, 'max-age');
    t.ok(silentMs > 0, 'not before the cut');
    t.ok(ageMs < maxAgeMs + LATE_MS, `${ageMs} ms`);
  }
});

t.test(
  'clients gone silent in a busy stream are gone as stalled, once the kernel takes no more for so long',
  { timeout: TIMEOUT_MS },
  async (t) => {
    const stalledMs = 1_500;
    const ended = await cutOff(t, { maxAgeMs: 0, stalledMs }, 200_000, 20, BUSY_READERS);
    if (ended === undefined) return;
    for (const { reason, silentMs } of ended) {
      t.equal(reason, 'stalled');
      t.ok(silentMs >= stalledMs, `${silentMs} ms`);
    }
  },
);
