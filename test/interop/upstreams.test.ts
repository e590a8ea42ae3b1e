/**
 * Event stream servers that nobody here wrote, as upstreams. A witness reads each of them directly: what it gets is what
 * every client of the gateway must get.
 */
import t from 'tap';
import { FaultProxy } from '../helpers/fault-proxy.js';
import { SequenceCheck } from '../helpers/sequence-check.js';
import { SseClient } from '../helpers/sse-client.js';
import { listenBetterSse } from './fixtures/better-sse-upstream.js';
import { listenFastifySse } from './fixtures/fastify-sse-upstream.js';
import type { ListenForeign } from './fixtures/foreign-upstream.js';
import { listenNchan } from './fixtures/nchan-upstream.js';
import { listenGateway } from './gateway.js';

const CLIENTS = 50;
const EVENTS = 500;

const UPSTREAMS: Record<string, ListenForeign> = {
  'better-sse': listenBetterSse,
  '@fastify/sse': listenFastifySse,
  'nginx with nchan': listenNchan,
};

for (const [name, listen] of Object.entries(UPSTREAMS)) {
  t.test(
    `${name}: fifty clients get every event of one upstream connection, and go on exactly behind a cut`,
    async (t) => {
      const upstream = await listen(t);
      if (upstream === undefined) return;
      const { port, path } = upstream;
      const proxy = await FaultProxy.listen(port);
      t.teardown(() => proxy.close());
      const url = `http://127.0.0.1:${proxy.port}${path}`;
      const gateway = await listenGateway(t, { channels: { events: { url, replay: true } } });
      const connect = (options: Partial<ConstructorParameters<typeof SseClient>[0]>): SseClient => {
        const client = new SseClient({ port: gateway.port, check: new SequenceCheck(), ...options });
        t.teardown(() => client.destroy());
        return client;
      };
      const witness = connect({ port, path });
      const clients = Array.from({ length: CLIENTS }, (_, i) =>
        connect({ httpVersion: i % 5 === 0 ? '1.0' : '1.1', localAddress: `127.0.0.${1 + (i % 3)}` }),
      );
      await Promise.all([witness, ...clients].map((client) => client.opened()));

      await upstream.publish(1, EVENTS);
      await Promise.all([witness, ...clients].map((client) => client.waitFor(EVENTS)));
      t.equal(proxy.connectionsTotal, 1, 'one upstream connection for all of them');

      proxy.cutNow();
      await upstream.publish(EVENTS + 1, 2 * EVENTS);
      await Promise.all([witness, ...clients].map((client) => client.waitFor(2 * EVENTS)));
      t.equal(proxy.connectionsTotal, 2, 'one more after the cut');

      t.ok(witness.check?.contiguous, `${witness.check}`);
      t.equal(new Set(witness.events.map(({ idField }) => idField)).size, 2 * EVENTS, 'its ids are unique');
      for (const client of clients)
        t.strictSame(client.events, witness.events, 'ids, types and data are the same');
      t.equal(gateway.stats().subscribers, CLIENTS);
    },
  );
}
