/**
 * Two gateways behind a balancer, restarted one after the other with a drain, twice, while the upstream goes on: no client
 * gives up, misses or repeats anything. Native clients of ours, and EventSources of Chromium.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { launchChromium } from '../helpers/chromium.js';
import { ScriptedUpstream } from '../helpers/scripted-upstream.js';
import { SequenceCheck } from '../helpers/sequence-check.js';
import { until } from '../helpers/waits.js';
import { BRISK } from '../interop/gateway.js';
import { Account } from './fixtures/account.js';
import { Balancer } from './fixtures/balancer.js';
import { settledBooks } from './fixtures/books.js';
import { FULL, seeded, TIMEOUT_MS } from './fixtures/form.js';
import { GatewayLife } from './fixtures/gateway-life.js';
import { NativeClient } from './fixtures/native-client.js';

t.setTimeout(TIMEOUT_MS);

const CLIENTS = FULL ? 500 : 100;
/** A browser opens at most six connections to a host. */
const IN_BROWSER = FULL ? 25 : 5;
const PER_HOST = 5;
const PER_SECOND = 100;
const DEADLINE_MS = FULL ? 180_000 : 60_000;
/** A renderer announces nothing to the outside; Playwright looks every so many ms. */
const LOOK = { polling: 50, timeout: DEADLINE_MS };

interface Source {
  readonly closed: number;
  readonly opens: number;
  readonly events: readonly (readonly [type: string, data: string])[];
}

/** A page whose EventSources read through the balancer, spread over names that all mean this machine. */
const page = (port: number): string => `<!doctype html><meta charset="utf-8"><title>sources</title><script>
const sources = Array.from({ length: ${IN_BROWSER} }, (_, i) => {
  const record = { opens: 0, closed: 0, events: [] };
  const host = 'host-' + Math.floor(i / ${PER_HOST}) + '.localhost:${port}';
  const source = new EventSource('http://' + host + '/events/events');
  source.addEventListener('open', () => { record.opens += 1; });
  source.addEventListener('error', () => { if (source.readyState === EventSource.CLOSED) record.closed += 1; });
  for (const type of ['message', 'gateway.gap', 'gateway.end'])
    source.addEventListener(type, ({ data }) => record.events.push([type, data]));
  return record;
});
const opened = () => sources.every(({ opens }) => opens > 0);
const arrived = (n) => sources.every(({ events }) => events.length > 0 && JSON.parse(events.at(-1)[1]).n === n);
</script>`;

async function openPage(t: Test, port: number) {
  const browser = await launchChromium(t);
  if (browser === undefined) return undefined;
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html', connection: 'close' }).end(page(port));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const opened = await browser.newPage();
  await opened.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
  await opened.waitForFunction('opened()', undefined, LOOK);
  return opened;
}

t.test(
  'no client gives up, misses or repeats anything while both gateways are restarted twice',
  async (t) => {
    const { whole } = seeded(t);
    const upstream = await ScriptedUpstream.listen({ history: 1_000_000 });
    t.teardown(() => upstream.close());
    const options = {
      drainDelayMs: 300,
      channels: { events: { url: upstream.url, replay: true, ...BRISK, retryMinMs: 50, retryMaxMs: 500 } },
    };
    const gateways = [await GatewayLife.begin(t, options), await GatewayLife.begin(t, options)];
    const balancer = await Balancer.listen(
      t,
      gateways.map(({ port }) => port),
    );
    await balancer.waitForReady(2);
    const clients = Array.from({ length: CLIENTS }, () => {
      const client = new NativeClient({
        port: balancer.port,
        path: '/events/events',
        account: new Account(),
      });
      t.teardown(() => client.stop());
      return client;
    });
    const everybody = (holds: (client: NativeClient) => boolean, what: string) =>
      until(
        () => clients.every(holds),
        () => {
          const lacking = clients.filter((client) => !holds(client));
          return `${lacking.length} lack ${what}: ${lacking[0]?.died ?? lacking[0]?.opens} ${lacking[0]?.account}`;
        },
        DEADLINE_MS,
      );
    await everybody(({ opens }) => opens > 0, 'a stream');
    const page = await openPage(t, balancer.port);
    upstream.start(PER_SECOND);
    await everybody(({ account }) => account.last > 0, 'a first event');

    const began = performance.now();
    for (let round = 0; round < 2; round += 1) {
      for (const gateway of gateways) {
        await gateway.leave();
        await gateway.start();
        await balancer.waitForReady(2);
        // The next one leaves while some are still on their way back from this one.
        const at = upstream.number + whole(1, PER_SECOND);
        await until(
          () => upstream.number >= at,
          () => `${upstream.number} published`,
        );
      }
    }
    const seconds = ((performance.now() - began) / 1_000).toFixed(1);
    upstream.stop();
    const last = upstream.publishNumbered();
    await everybody(({ account }) => account.last === last, `the number ${last}`);

    for (const { account, died } of clients) {
      const whole = account.faults.length === 0 && account.gaps === 0 && account.events === last;
      if (!whole || died !== undefined) t.fail(`${died ?? ''} ${account}`);
    }
    const opens = clients.reduce((sum, client) => sum + client.opens, 0);
    t.comment(
      `${last} events, four restarts in ${seconds} s, ${opens} streams, ${balancer.turnedAway} turned away`,
    );
    t.ok(opens >= 2 * CLIENTS, 'they were moved about');
    for (const { port } of gateways) {
      const books = await settledBooks(port);
      t.equal(books.off, 0, 'the books balance');
      t.equal(books.gaps, 0, 'no gap');
    }
    if (page === undefined) return;
    await page.waitForFunction(`arrived(${last})`, undefined, LOOK);
    for (const { closed, opens, events } of await page.evaluate<Source[]>('sources')) {
      const check = new SequenceCheck();
      for (const [type, data] of events) check.event(type, data);
      t.ok(check.contiguous && check.first === 1 && check.events === last, `Chromium: ${check}`);
      t.equal(closed, 0, 'readyState was never CLOSED');
      t.ok(opens >= 2, 'it was moved about');
    }
  },
);
