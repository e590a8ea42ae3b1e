/** Prometheus itself reads `/metrics`: what it stores after a cut upstream and a client that lagged, and what promtool thinks. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { FaultProxy } from '../helpers/fault-proxy.js';
import { freePort, requireBinary } from '../helpers/process.js';
import { ScriptedUpstream } from '../helpers/scripted-upstream.js';
import { SseClient } from '../helpers/sse-client.js';
import { listenGateway } from './gateway.js';
import { poll } from './poll.js';
import { Program, temporaryFolder } from './program.js';
import { scrape } from './scrape.js';

/** More than the kernel holds for one socket that nobody reads. */
const LAG_BYTES = 24 * 1024 * 1024;
const EVENT_BYTES = 64 * 1024;

t.test(
  'Prometheus sees a cut upstream, and a client that lagged by as many events as it was told',
  async (t) => {
    const prometheus = requireBinary(t, 'prometheus');
    if (prometheus === undefined) return;
    const { gateway, upstream, proxy } = await listen(t);
    const reader = new SseClient({ port: gateway.port, keep: 'check' });
    const lagging = new SseClient({ port: gateway.port, keep: 'check' });
    t.teardown(() => [reader, lagging].map((client) => client.destroy()));
    await Promise.all([reader.opened(), lagging.opened()]);
    const query = await startPrometheus(t, prometheus, gateway.port);
    const total = (name: string, labels = '') => query(`sum(sse_gateway_${name}_total{${labels}})`);
    await poll(async () => ((await query('up')) === 1 ? true : undefined), 'a first scrape');
    t.equal(await total('upstream_connects', 'outcome="ok"'), 1);
    t.notOk(await total('upstream_reconnects'));
    t.notOk(await total('upstream_disconnects'));
    t.notOk(await total('events_dropped'));

    proxy.cutNow();
    await reader.waitFor(({ check }) => check?.gaps === 1, 'the gap behind the cut');

    lagging.pause();
    for (let sent = 0; sent < LAG_BYTES; sent += EVENT_BYTES) {
      upstream.publishNumbered();
      await reader.waitFor(({ check }) => check?.last === upstream.number, 'the newest event');
    }
    lagging.resume();
    await lagging.waitFor(({ check }) => check?.gaps === 2, 'the gap of what it was too slow for');
    const last = upstream.publishNumbered();
    await Promise.all([reader, lagging].map((each) => each.waitFor(({ check }) => check?.last === last)));
    t.ok(reader.check?.honest && reader.check.toldLost === 0, `${reader.check}`);
    t.ok(lagging.check?.honest && lagging.check.toldLost > 0, `${lagging.check}`);

    const [reconnects, disconnects, dropped] = await poll(async () => {
      const seen = await Promise.all([
        total('upstream_reconnects', 'outcome="ok"'),
        total('upstream_disconnects'),
        total('events_dropped', 'reason="lagged"'),
      ]);
      return seen.every((value) => value !== undefined && value > 0) ? seen : undefined;
    }, 'the three counters to have moved');
    t.equal(reconnects, 1);
    t.equal(disconnects, 1);
    t.equal(dropped, lagging.check?.toldLost, 'as many as the client was told it lost');
    t.equal(
      await total('upstream_disconnects', 'channel="events",gateway="default"'),
      1,
      'under the configured names',
    );
  },
);

t.test('promtool has nothing to say against the exposition', async (t) => {
  const promtool = requireBinary(t, 'promtool');
  if (promtool === undefined) return;
  const { gateway, upstream } = await listen(t);
  const client = new SseClient({ port: gateway.port });
  t.teardown(() => client.destroy());
  await client.opened();
  upstream.publishNumbered(10);
  await client.waitFor(10);
  const { text } = await scrape(gateway.port);
  t.ok(text.includes('sse_gateway_events_out_total'));
  const check = new Program(t, promtool, ['check', 'metrics'], { input: text });
  t.equal(await check.waitForExit(), 0, check.output);
  t.equal(check.output, '');
});

async function listen(t: Test) {
  const upstream = await ScriptedUpstream.listen({ dataBytes: EVENT_BYTES });
  t.teardown(() => upstream.close());
  const proxy = await FaultProxy.listen(upstream.port);
  t.teardown(() => proxy.close());
  const channel = { url: `http://127.0.0.1:${proxy.port}/events`, retainBytes: 1024 * 1024 };
  const gateway = await listenGateway(t, { channels: { events: channel } });
  return { upstream, proxy, gateway };
}

/** Resolves with a function that asks for the value of an instant query; undefined: it has none. */
async function startPrometheus(t: Test, path: string, target: number) {
  const folder = temporaryFolder(t);
  const config = join(folder, 'prometheus.yml');
  writeFileSync(
    config,
    `global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: gateway
    static_configs: [{ targets: ['127.0.0.1:${target}'] }]
`,
  );
  const port = await freePort();
  const program = new Program(t, path, [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  await program.waitForOutput(/Server is ready to receive web requests/, 20_000);
  return async (expression: string): Promise<number | undefined> => {
    const response = await fetch(
      `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`,
    );
    const body = (await response.json()) as {
      status: string;
      data: { result: { value: [number, string] }[] };
    };
    if (body.status !== 'success') throw new Error(JSON.stringify(body));
    const value = body.data.result[0]?.value[1];
    return value === undefined ? undefined : Number(value);
  };
}
