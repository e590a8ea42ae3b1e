import t from 'tap';
import type { StreamInfo } from '../../plugins/options.js';
import { until } from '../helpers/waits.js';
import { serve } from './serve.js';

t.test('onStream is told of every stream when it opens and why it closed', async (t) => {
  const told: (StreamInfo & { url: string })[] = [];
  const gateway = await serve(t, { onStream: (request, info) => told.push({ ...info, url: request.url }) });
  await gateway.ask('/events/nothing');
  await gateway.ask('/events/prices', { headers: { accept: 'text/html' } });
  const client = await gateway.live();
  const room = await gateway.reader({ path: '/events/rooms/a%20b', lastEventId: 'what' });
  client.destroy();
  await gateway.waitForSubscribers(1);
  await gateway.app.sseGateway.drain();
  await room.waitForClose();
  await gateway.waitForSubscribers(0);
  const prices = { channel: 'prices', key: 'prices', resume: 'fresh', url: '/events/prices' };
  // The channel has only just opened: its id may still come.
  const rooms = { channel: 'rooms/:room', key: 'rooms/a%20b', resume: 'pending', url: '/events/rooms/a%20b' };
  t.match(told, [
    { ...prices, type: 'open', reason: undefined },
    { ...rooms, type: 'open' },
    { ...prices, type: 'close', reason: 'client-closed' },
    { ...rooms, type: 'close', reason: 'drain' },
  ]);
  for (const { durationMs } of told.slice(2)) t.ok(durationMs! >= 0 && durationMs! < 10_000);
});

t.test("onStream knows the client's address at the end, too", async (t) => {
  for (const detachStreams of [false, true]) {
    const ips: (string | undefined)[] = [];
    const gateway = await serve(t, { detachStreams, onStream: ({ ip }) => ips.push(ip) });
    const client = await gateway.live();
    client.destroy();
    await until(
      () => ips.length === 2,
      () => ips.join(),
    );
    t.same(ips, ['127.0.0.1', '127.0.0.1'], String(detachStreams));
  }
});

t.test('an onStream that throws or rejects is logged and disturbs nothing', async (t) => {
  const logged: string[] = [];
  const failures = {
    throws: () => {
      throw new Error('mine');
    },
    rejects: async () => {
      throw new Error('mine');
    },
  };
  for (const [how, onStream] of Object.entries(failures)) {
    const stream = { write: (line: string) => void logged.push(line) };
    const gateway = await serve(t, { onStream }, { fastify: { logger: { level: 'error', stream } } });
    const client = await gateway.live();
    gateway.upstream.publishNumbered(2);
    await client.waitFor(2);
    client.destroy();
    await gateway.waitForSubscribers(0);
    await until(
      () => logged.length === 2,
      () => logged.join(''),
    );
    for (const line of logged.splice(0)) t.match(JSON.parse(line), { err: { message: 'mine' } }, how);
  }
});
