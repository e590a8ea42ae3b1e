/** EventSource implementations of others, as clients of the gateway: npm's `eventsource`, and undici's. */
import { EventSource as NpmEventSource } from 'eventsource';
import t from 'tap';
import { Agent, EventSource as UndiciEventSource } from 'undici';
import { type EventSourceLike, numbersTo, Reading } from './fixtures/reading.js';
import { setStage } from './fixtures/stage.js';
import { scrape } from './scrape.js';

const CLIENTS = 50;

const agent = new Agent({ bodyTimeout: 0 });
t.teardown(() => agent.destroy());

const IMPLEMENTATIONS: Record<string, (url: string) => EventSourceLike> = {
  'the npm package eventsource': (url) => new NpmEventSource(url),
  'the EventSource of undici': (url) => new UndiciEventSource(url, { dispatcher: agent }),
};

for (const [name, open] of Object.entries(IMPLEMENTATIONS)) {
  t.test(
    `${name}: fifty of them miss nothing, and resume without a hole or a repeat when they are cut`,
    async (t) => {
      const { upstream, gateway, proxy, url } = await setStage(t);
      const readings = Array.from({ length: CLIENTS }, () => {
        const source = open(url);
        t.teardown(() => source.close());
        return Reading.of(source);
      });
      await Promise.all(readings.map((reading) => reading.waitForOpens(1)));

      const before = upstream.publishNumbered(300);
      await Promise.all(readings.map((reading) => reading.waitForNumber(before)));
      for (const { check } of readings) t.ok(check.contiguous && check.events === before, `${check}`);
      t.equal(proxy.connectionsTotal, CLIENTS, 'nobody had to reconnect');

      upstream.start(500);
      await Promise.all(readings.map((reading) => reading.waitForNumber(before + 50)));
      proxy.cutNow();
      await Promise.all(readings.map((reading) => reading.waitForOpens(2)));
      upstream.stop();
      const last = upstream.publishNumbered();
      await Promise.all(readings.map((reading) => reading.waitForNumber(last)));
      for (const { check, ids } of readings) {
        t.ok(check.contiguous && check.events === last, `${check}`);
        t.strictSame(ids, numbersTo(last));
      }
      t.equal((await scrape(gateway.port)).sum('resumes_total', { outcome: 'exact' }), CLIENTS);
    },
  );
}
