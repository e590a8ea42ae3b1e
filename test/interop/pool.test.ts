/** The slab pool in a running gateway: how often it helps, and that nobody can see it. */
import t, { type Test } from 'tap';
import { ScriptedUpstream } from '../helpers/scripted-upstream.js';
import { SseClient } from '../helpers/sse-client.js';
import { listenGateway } from './gateway.js';
import { scrape } from './scrape.js';

const CLIENTS = 5;

t.test('in a steady run 99 of 100 slabs are reused, those of the warm-up counted', async (t) => {
  const { upstream, port, clients } = await listen(t, true, { dataBytes: 1_000 });
  for (let burst = 0; burst < 600; burst += 1) {
    // As many as come in a second of a busy stream; the next second begins when everyone has them.
    const last = upstream.publishNumbered(100);
    await Promise.all(clients.map((client) => client.waitFor(({ check }) => check?.last === last)));
  }
  for (const { check } of clients) t.ok(check?.contiguous && check.events === 60_000, `${check}`);
  const metrics = await scrape(port);
  const hits = metrics.sum('pool_hits_total');
  const misses = metrics.sum('pool_misses_total');
  t.comment(`${hits} hits, ${misses} misses: ${((100 * hits) / (hits + misses)).toFixed(2)} %`);
  t.ok(hits > 1_000 && hits / (hits + misses) >= 0.99);
  t.ok(metrics.sum('pool_in_use_bytes') <= 2 * RETAIN_BYTES, 'and no more is in use than the log holds');
});

t.test(
  'clients get the same bytes with the pool, without it, and with every released slab overwritten',
  async (t) => {
    const bodies: Buffer[] = [];
    for (const pool of [true, false, 'poison'] as const) {
      const { upstream, clients } = await listen(t, pool, {}, 'all');
      let count = 0;
      for (const piece of input()) {
        upstream.write(piece.bytes);
        count += piece.events;
        await Promise.all(clients.map((client) => client.waitFor(count)));
      }
      const [first, ...others] = clients.map(({ body }) => body);
      for (const other of others) t.ok(other.equals(first!), `${first!.length} bytes for every client`);
      bodies.push(first!);
    }
    t.ok(bodies[0]!.length > 8 * RETAIN_BYTES, 'the log went round several times');
    t.ok(bodies[1]!.equals(bodies[0]!), 'pool: false');
    t.ok(bodies[2]!.equals(bodies[0]!), 'pool: poison');
  },
);

const RETAIN_BYTES = 256 * 1024;

async function listen(
  t: Test,
  pool: boolean | 'poison',
  options: { dataBytes?: number },
  keep: 'check' | 'all' = 'check',
) {
  const upstream = await ScriptedUpstream.listen(options);
  t.teardown(() => upstream.close());
  // One `retry:` for all, so that bodies can be compared from their first byte.
  const channel = {
    url: upstream.url,
    retainBytes: RETAIN_BYTES,
    maxEventBytes: RETAIN_BYTES,
    retryMinMs: 1_000,
    retryMaxMs: 1_000,
  };
  const { port } = await listenGateway(t, { pool, channels: { events: channel } });
  const clients = Array.from({ length: CLIENTS }, () => {
    const client = new SseClient({ port, keep });
    t.teardown(() => client.destroy());
    return client;
  });
  await Promise.all(clients.map((client) => client.opened()));
  return { upstream, port, clients };
}

/** Events of every kind and of sizes on both sides of each slab class; each with an id, as minted ones tell the time. */
function* input(): Generator<{ bytes: Buffer; events: number }> {
  let id = 0;
  for (let round = 0; round < 12; round += 1) {
    for (const size of [1, 200, 4_095, 4_097, 20_000, 65_535, 65_537, 150_000]) {
      const text = `id: ${++id}\nevent: e${round}\ndata: ${'abcdé'.repeat(Math.ceil(size / 6)).slice(0, size)}\n\n`;
      yield { bytes: Buffer.from(text), events: 1 };
      const lines = `id: ${++id}\r\ndata: a\r\ndata\r\nextra: ${size}\r\ndata:b\r\n\r\n: comment\r\n\r\n`;
      const broken = Buffer.from(`id: ${++id}\ndata: \xff\xc3(\xe2\x82\n\n`, 'latin1');
      yield { bytes: Buffer.concat([Buffer.from(lines), broken]), events: 2 };
    }
  }
}
