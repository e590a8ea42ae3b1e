/**
 * Why a refusal has the form it has: the EventSources that there are live through one and come in later, while they
 * give up for good on a status. What a refusal tells them to wait is made shorter by a hook of the host.
 */
import { EventSource as NpmEventSource } from 'eventsource';
import t, { type Test } from 'tap';
import { Agent, EventSource as UndiciEventSource } from 'undici';
import type { StreamInfo } from '../../plugins/options.js';
import { launchChromium } from '../helpers/chromium.js';
import { until } from '../helpers/waits.js';
import { type Served, serve } from './serve.js';

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;

const agent = new Agent();
t.teardown(() => agent.destroy());

interface EventSourceLike {
  readonly readyState: number;
  addEventListener(type: string, listener: (event: { data?: unknown }) => void): void;
  close(): void;
}

const IMPLEMENTATIONS: Record<string, (url: string) => EventSourceLike> = {
  'the npm package eventsource': (url) => new NpmEventSource(url) as EventSourceLike,
  'the EventSource of undici': (url) => new UndiciEventSource(url, { dispatcher: agent }) as EventSourceLike,
};

/** A page whose source writes down its states, and what it was told. */
const PAGE = `<!doctype html><title>one event source</title><script>
const states = [], data = [];
const source = new EventSource('/events/prices');
source.onopen = () => states.push(source.readyState);
source.onerror = () => states.push(source.readyState);
source.onmessage = (event) => data.push(event.data);
</script>`;

/** A gateway with one place, and the client that has it. */
async function full(t: Test) {
  const streams = { open: 0, close: 0 };
  const onStream = (_request: unknown, { type }: StreamInfo) => {
    streams[type] += 1;
  };
  const gateway = await serve(
    t,
    { maxConnections: 1, onStream },
    {
      before: (app) => {
        app.addHook('onSend', async (_request, _reply, payload) =>
          typeof payload === 'string' ? payload.replace(/^retry: \d+/, 'retry: 20') : payload,
        );
        app.get('/page', async (_request, reply) => reply.type('text/html').send(PAGE));
      },
    },
  );
  const inside = await gateway.live();
  /** The one who is inside leaves, and another comes in. */
  const change = async () => {
    inside.destroy();
    await until(
      () => streams.open === 2,
      () => JSON.stringify(streams),
      30_000,
    );
  };
  return { gateway, change };
}

/** Resolves when so many newcomers were refused. */
async function refused(gateway: Served, count: number): Promise<void> {
  const pattern = /connections_refused_total\{.*reason="connection-limit"\} (\d+)/;
  let seen = 0;
  while (seen < count) seen = Number(pattern.exec((await gateway.ask('/metrics')).text)?.[1] ?? 0);
}

for (const [name, open] of Object.entries(IMPLEMENTATIONS)) {
  t.test(`${name} lives through refusals, and comes in when there is a place`, async (t) => {
    const { gateway, change } = await full(t);
    const source = open(`http://127.0.0.1:${gateway.port}/events/prices`);
    t.teardown(() => source.close());
    const states: number[] = [];
    const data: unknown[] = [];
    source.addEventListener('error', () => states.push(source.readyState));
    source.addEventListener('message', (event) => data.push(event.data));
    await refused(gateway, 3);
    t.not(source.readyState, CLOSED);
    t.ok(states.length > 0 && states.every((state) => state === CONNECTING), `${states}`);
    await change();
    gateway.app.sseGateway.publish('prices', { data: 'inside' });
    await until(
      () => data.length === 1,
      () => `${data.length} events, states ${states}`,
    );
    t.strictSame(data, ['inside']);
    t.equal(source.readyState, OPEN);
  });

  t.test(`${name} gives up on a status`, async (t) => {
    const gateway = await serve(
      t,
      {},
      {
        before: (app) => app.addHook('onRequest', async (_request, reply) => reply.code(503).send()),
      },
    );
    const source = open(`http://127.0.0.1:${gateway.port}/events/prices`);
    t.teardown(() => source.close());
    await new Promise<void>((resolve) => source.addEventListener('error', () => resolve()));
    t.equal(source.readyState, CLOSED);
  });
}

t.test("Chromium's EventSource lives through refusals, and comes in when there is a place", async (t) => {
  const browser = await launchChromium(t);
  if (browser === undefined) return;
  const { gateway, change } = await full(t);
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${gateway.port}/page`);
  await refused(gateway, 3);
  const states = await page.evaluate<number[]>('states');
  t.notOk(states.includes(CLOSED), `${states}`);
  t.ok(states.includes(CONNECTING));
  await change();
  gateway.app.sseGateway.publish('prices', { data: 'inside' });
  await page.waitForFunction('data.length === 1', undefined, { polling: 50, timeout: 30_000 });
  t.strictSame(await page.evaluate('[source.readyState, ...data]'), [OPEN, 'inside']);
});
