/** A load run works with every server that is made of Node alone: each client gets each event, and that is checked. */
import t from 'tap';
import { cpuMicros, rssBytes } from '../../load/processes/usage.js';
import { Stage, Void } from '../../load/stage.js';
import { TARGETS } from '../../load/targets.js';

const CLIENTS = 12;
const WRITES = 20;
const PER_WRITE = 3;

const LINUX = { skip: process.platform === 'linux' ? false : 'load runs read /proc' };

/** `bare` sends nothing, and nchan needs nginx. */
const RELAYS = [
  'net',
  'naive',
  '@fastify/sse',
  'better-sse',
  '@fastify/http-proxy',
  'ours',
  'ours pool:false',
];

for (const target of RELAYS) {
  t.test(`${target}: all events reach all clients, in order`, LINUX, async (t) => {
    await Stage.with(target, async (stage) => {
      await stage.enter(CLIENTS);
      await stage.client.ask('begin');
      const { events } = await stage.deliver({ rate: 100, perWrite: PER_WRITE, writes: WRITES });
      const report = await stage.checked();
      t.equal(events, WRITES * PER_WRITE);
      t.equal(report.delivered, events * CLIENTS);
      t.equal(report.connections, CLIENTS);
      t.ok(report.bytes >= 128 * report.delivered);
      t.ok(report.latency.max > 0 && report.latency.p50 < 5_000, `p50 ${report.latency.p50} ms`);
      t.ok(stage.cpu() > 0 && rssBytes(stage.pids) > 2 ** 20);
    });
  });
}

t.test('clients that were cut come back with their last id and miss nothing', LINUX, async (t) => {
  await Stage.with('ours', async (stage) => {
    await stage.enter(CLIENTS);
    await stage.client.ask('begin');
    const delivered = stage.deliver({ rate: 100, writes: 150 });
    for (let turn = 0; turn < 3; turn += 1) await stage.comeBack(CLIENTS);
    await delivered;
    await stage.arrived();
    const report = await stage.checked();
    t.equal(report.connections, CLIENTS);
  });
});

t.test('a run in which not everybody has everything does not count', LINUX, async (t) => {
  await t.rejects(
    Stage.with('bare', async (stage) => {
      await stage.enter(CLIENTS);
      await stage.upstream.ask('offer', { rate: 100, writes: 5 });
      await stage.arrived(300, 4);
    }),
    Void,
  );
});

t.test('CPU time is that of the processes asked for, and grows with their work', LINUX, async (t) => {
  const before = cpuMicros([process.pid]);
  const until = performance.now() + 60;
  while (performance.now() < until);
  const used = cpuMicros([process.pid]) - before;
  t.ok(used > 20_000, `${used} µs of a loop of 60 ms`);
});

t.test('what is named for a target is a file that is there', async (t) => {
  await t.rejects(
    Stage.with('nobody', async () => undefined),
    /no such target/,
  );
  t.ok(Object.values(TARGETS).every(({ file }) => /^(baselines|targets)\//.test(file)));
});
