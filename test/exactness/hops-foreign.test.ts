/**
 * Clients that hop about in what they have seen, in front of event stream servers that others wrote and that are cut:
 * better-sse, which numbers its events and replays nothing, and nginx with nchan, which replays.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createChannel, createSession } from 'better-sse';
import t, { type Test } from 'tap';
import type { ForeignUpstream } from '../interop/fixtures/foreign-upstream.js';
import { listenNchan } from '../interop/fixtures/nchan-upstream.js';
import { TIMEOUT_MS } from './fixtures/form.js';
import { type HopUpstream, hopAbout } from './fixtures/hoppers.js';

t.setTimeout(TIMEOUT_MS);

/** A session that resumes gets nothing of what it missed: better-sse leaves that to its users. */
async function listenBetterSse(t: Test): Promise<HopUpstream> {
  const channel = createChannel();
  const server = createServer(async (request, response) => {
    channel.register(await createSession(request, response, { retry: 20 }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const publish = async (from: number, to: number): Promise<void> => {
    for (let n = from; n <= to; n += 1) channel.broadcast({ n }, 'message', { eventId: `bs-${n}` });
    // The pace of the run: what is published in one turn arrives as one piece.
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return counting({ port, path: '/stream', publish });
}

function counting({ port, path, publish }: ForeignUpstream): HopUpstream {
  let last = 0;
  return {
    port,
    path,
    get last() {
      return last;
    },
    async publish(count) {
      last += count;
      await publish(last - count + 1, last);
    },
  };
}

for (const replay of ['unknown', 'proven'] as const) {
  t.test(`better-sse without a replay of its own, replay: ${replay}`, { timeout: TIMEOUT_MS }, async (t) => {
    const { toldHoles } = await hopAbout(t, await listenBetterSse(t), { replay });
    t.ok(toldHoles > 0, 'what is missing is told');
  });
}

for (const replay of [true, 'proven'] as const) {
  t.test(`nginx with nchan, replay: ${replay}`, { timeout: TIMEOUT_MS }, async (t) => {
    const upstream = await listenNchan(t);
    if (upstream === undefined) return;
    const { gaps, booked } = await hopAbout(t, counting(upstream), { replay });
    t.same([gaps, booked], [0, 0], 'no alarm where continuity is known');
  });
}
