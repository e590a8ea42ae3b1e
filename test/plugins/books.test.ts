import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { seededRandom } from '../helpers/manual-clock.js';
import type { SseClient } from '../helpers/sse-client.js';
import { imbalance, scrape, sumOf } from './scrape.js';
import { serve } from './serve.js';

for (const onSlow of ['skip', 'disconnect'] as const) {
  t.test(
    `the books balance at every scrape, whoever joins, leaves or lags (onSlow: ${onSlow})`,
    async (t) => {
      const told = { open: 0, pending: 0, close: 0 };
      const gateway = await serve(
        t,
        (origin) => ({
          onStream: (_request, { type, resume }) => {
            told[type] += 1;
            if (type === 'open' && resume === 'pending') told.pending += 1;
          },
          channels: {
            prices: {
              url: origin,
              retainBytes: 300_000,
              maxEventBytes: 100_000,
              stalledMs: 400,
              maxAgeMs: 500,
              onSlow,
              backoffMinMs: 1,
              backoffBaseMs: 1,
            },
          },
        }),
        { upstream: { dataBytes: 3_000 } },
      );
      const random = seededRandom(Number(process.env['TEST_SEED'] ?? 7));
      const clients: SseClient[] = [await gateway.live({ keep: 'last' })];
      const steps: (() => void)[] = [
        () => clients.push(gateway.client({ keep: 'last' })),
        () => clients.push(gateway.client({ keep: 'last', paused: true })),
        () =>
          clients.push(gateway.client({ keep: 'last', lastEventId: String(gateway.upstream.number - 20) })),
        () => clients[Math.floor(random() * clients.length)]?.pause(),
        () => clients[Math.floor(random() * clients.length)]?.resume(),
        () => clients.splice(Math.floor(random() * clients.length), 1)[0]?.destroy(),
        () => clients.splice(Math.floor(random() * clients.length), 1)[0]?.reset(),
        () => gateway.upstream.cutAll(random() < 0.5 ? 'fin' : 'reset'),
      ];
      let pending = 0;
      for (let round = 0; round < 250; round += 1) {
        steps[Math.floor(random() * steps.length)]!();
        gateway.upstream.publishNumbered(Math.floor(random() * 40));
        for (let turns = Math.floor(random() * 5); turns > 0; turns -= 1) await setImmediate();
        const values = await scrape(gateway);
        pending = Math.max(pending, values.get('events_pending') ?? 0);
        if (imbalance(values) !== 0) {
          t.fail(`round ${round}: off by ${imbalance(values)}`);
          break;
        }
      }
      const before = await scrape(gateway);
      t.ok(pending > 0, 'there were slow clients');
      t.ok((before.get('events_out_total') ?? 0) > 100, 'and others');
      t.ok([...before.keys()].some((name) => name.startsWith('events_dropped_total')));
      await gateway.app.sseGateway.drain();
      for (const client of clients) client.destroy();
      await gateway.waitForSubscribers(0);
      const values = await scrape(gateway);
      t.equal(imbalance(values), 0);
      t.equal(values.get('events_pending'), 0, 'nothing is pending for nobody');
      t.equal(values.get('subscribers'), 0);
      const left = sumOf(values, 'client_disconnects_total');
      const came = sumOf(values, 'resumes_total');
      t.equal(left, told.open, 'everyone who came has left, for a reason');
      t.equal(told.close, told.open);
      t.ok(
        came <= left && came >= left - told.pending,
        `${came} began of ${left}; of ${told.pending} that waited for their id some left before that`,
      );
    },
  );
}
