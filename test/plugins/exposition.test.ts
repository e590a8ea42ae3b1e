import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import fastify from 'fastify';
import { Counter, Gauge, Registry } from 'prom-client';
import t from 'tap';
import sseGateway from '../../plugins/plugin.js';
import { CLOSE_REASONS, GAP_REASONS, SOURCE_STATES } from '../../src/index.js';
import { requireBinary } from '../helpers/process.js';
import { serve } from './serve.js';

const local = { channels: { news: {} }, pool: 'poison', drainMs: 0 } as const;

t.test('promtool has nothing to say against the output', async (t) => {
  const promtool = requireBinary(t, 'promtool');
  if (promtool === undefined) return;
  const gateway = await serve(t, { metrics: { defaultMetrics: true } });
  const client = await gateway.live({ lastEventId: 'what' });
  gateway.upstream.publishNumbered(3);
  await client.waitFor(4);
  client.destroy();
  await gateway.waitForSubscribers(0);
  const { text, headers } = await gateway.ask('/metrics');
  t.match(headers.get('content-type'), /^text\/plain; .*version=0\.0\.4/);
  t.equal(headers.get('cache-control'), 'no-store');
  t.match(text, 'process_cpu_seconds_total');
  // Those of prom-client itself are not ours to answer for.
  const own = text.split('\n').filter((line) => line.includes('sse_gateway_'));
  const child = spawn(promtool, ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (said += piece));
  child.stdin.end(`${own.join('\n')}\n`);
  const [code] = (await once(child, 'close')) as [number];
  t.equal(said, '');
  t.equal(code, 0);
});

t.test('two gateways share the registry of the caller, beside the series of the caller', async (t) => {
  const registry = new Registry();
  new Counter({ name: 'mine_total', help: 'Of the host.', registers: [registry] }).inc(5);
  const app = fastify();
  t.teardown(() => app.close());
  const register = (name: string) =>
    app.register(async (scope) => scope.register(sseGateway, { ...local, name, metrics: { registry } }), {
      prefix: `/${name}`,
    });
  await register('east');
  await register('west');
  await app.ready();
  for (const url of ['/east/metrics', '/west/metrics']) {
    const text = (await app.inject(url)).body;
    t.match(text, 'mine_total 5');
    for (const name of ['east', 'west']) {
      t.match(text, `sse_gateway_subscribers{gateway="${name}",channel="news"} 0`);
      t.match(text, `sse_gateway_draining{gateway="${name}"} 0`);
      t.match(text, `sse_gateway_delivery_seconds_count{gateway="${name}",channel="news"} 0`);
    }
    t.equal(text.match(/^# TYPE sse_gateway_subscribers /gm)?.length, 1);
  }
});

t.test(
  'the same name twice on one registry is an error that says so, and free again after close',
  async (t) => {
    const registry = new Registry();
    const options = { ...local, name: 'east', metrics: { registry } };
    const first = fastify();
    await first.register(sseGateway, options);
    const second = fastify();
    await t.rejects(async () => second.register(sseGateway, options), {
      code: 'SSE_GATEWAY_OPTION_INVALID',
      message: /option name: a gateway named east is on this registry already/,
    });
    await Promise.all([first.close(), second.close()]);
    t.notMatch(await registry.metrics(), 'gateway="east"', 'a closed gateway leaves no series behind');
    const third = fastify();
    t.teardown(() => third.close());
    await third.register(sseGateway, options);
    t.match(await registry.metrics(), 'gateway="east"');
  },
);

t.test('gateways with registries of their own may bear the same name', async (t) => {
  for (let n = 0; n < 2; n += 1) {
    const app = fastify();
    t.teardown(() => app.close());
    await app.register(sseGateway, local);
    t.match((await app.inject('/metrics')).body, 'sse_gateway_draining{gateway="default"} 0');
  }
});

t.test(
  'the README lists the series that are exposed, with their types and labels, and no other',
  async (t) => {
    const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
    const rows = [...readme.matchAll(/^\| (`[a-z_`, ]+`) \| (counter|gauge|histogram) \| ([a-z`, ]*) ?\|/gm)];
    const listed = rows.flatMap(([, names, type, labels]) =>
      [...names!.matchAll(/[a-z_]+/g)].map(
        ([name]) => `${name} ${type} ${labels!.replaceAll('`', '').trim()}`,
      ),
    );
    const registry = new Registry();
    const app = fastify();
    t.teardown(() => app.close());
    await app.register(sseGateway, { ...local, metrics: { registry } });
    const exposed = registry.getMetricsAsArray().map((metric) => {
      const { name, labelNames } = metric as unknown as { name: string; labelNames: string[] };
      const type = metric instanceof Counter ? 'counter' : metric instanceof Gauge ? 'gauge' : 'histogram';
      const labels = labelNames.filter((label) => label !== 'gateway').join(', ');
      return `${name.replace('sse_gateway_', '')} ${type} ${labels}`;
    });
    t.strictSame(listed.sort(), exposed.sort());
  },
);

t.test('what is counted by a closed set of outcomes or gaps stands at 0 from the start', async (t) => {
  const gateway = await serve(t);
  const { text } = await gateway.ask('/metrics');
  const expected: [name: string, label: string, values: readonly string[]][] = [
    ['upstream_connects_total', 'outcome', ['ok', 'failed']],
    ['upstream_reconnects_total', 'outcome', ['ok', 'failed']],
    ['resumes_total', 'outcome', ['fresh', 'exact', 'gap']],
    ['gaps_total', 'reason', ['trimmed', 'unknown-id', 'epoch', 'lagged', 'upstream']],
  ];
  for (const [name, label, values] of expected) {
    for (const channel of ['prices', 'rooms/:room']) {
      const lines = text.split('\n').filter((line) => line.startsWith(`sse_gateway_${name}{`));
      const own = lines.filter((line) => line.includes(`channel="${channel}"`));
      t.strictSame(
        own,
        values.map(
          (value) => `sse_gateway_${name}{gateway="default",channel="${channel}",${label}="${value}"} 0`,
        ),
      );
    }
  }
});

t.test('nothing a client says becomes a label', async (t) => {
  const gateway = await serve(t, (origin) => ({
    channels: { prices: { url: origin }, 'rooms/:room': { url: `${origin}/:room`, maxChannels: 20 } },
  }));
  const labels = async () => {
    const values = new Map<string, Set<string>>();
    for (const [, name, value] of (await gateway.ask('/metrics')).text.matchAll(/([a-z]+)="([^"]*)"/g)) {
      values.set(name!, (values.get(name!) ?? new Set()).add(value!));
    }
    return values;
  };
  const say = async (word: string) => {
    await gateway.ask(`/events/${word}`);
    await gateway.ask(`/events/rooms/${word}/${word}`);
    await gateway.ask('/events/prices', { method: 'POST', headers: { 'x-word': word } });
    await gateway.ask('/events/prices', { headers: { accept: `text/${word}` } });
    await gateway.ask(`/health?details=${word}`);
    const clients = [
      await gateway.reader({ path: `/events/rooms/${word}?${word}=1`, lastEventId: word }),
      await gateway.reader({ path: `/events/prices?lastEventId=${word}` }),
    ];
    for (const client of clients) client.destroy();
    await gateway.waitForSubscribers(0);
  };
  for (let n = 0; n <= 30; n += 1) await say(`word${n}`);
  const values = await labels();
  t.strictSame([...values.keys()].sort(), ['channel', 'gateway', 'le', 'outcome', 'reason', 'state']);
  t.strictSame([...values.get('channel')!].sort(), ['prices', 'rooms/:room']);
  t.strictSame([...values.get('gateway')!], ['default']);
  const closed: Record<string, readonly string[]> = {
    outcome: ['ok', 'failed', 'fresh', 'exact', 'gap'],
    reason: [...CLOSE_REASONS, ...GAP_REASONS, 'not-acceptable', 'aborted'],
    state: SOURCE_STATES,
  };
  for (const [name, words] of Object.entries(closed)) {
    for (const value of values.get(name)!) t.ok(words.includes(value), `${name} ${value}`);
  }
});
