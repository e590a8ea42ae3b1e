/** Faults of a connection to the upstream: it breaks, at any byte and in any way, or goes silent. */
import assert from 'node:assert/strict';
import { FaultProxy } from '../../helpers/fault-proxy.js';
import { ScriptedUpstream } from '../../helpers/scripted-upstream.js';
import type { Fault, Scene } from '../fault.js';
import { askedBehind, chunk, HEAD, PLAIN, QUICK, RawUpstream, stage } from './upstream-stage.js';

const TEXT = 'naïve ☃ 😀';

function block(n: number, newline: string): Buffer {
  const data = JSON.stringify({ n, text: TEXT });
  return Buffer.from([`id: ${n}`, 'event: tick', `data: ${data}`, '', ''].join(newline));
}

/** Every connection sends a whole event and of the next one a byte more than the connection before. */
async function everyByte(scene: Scene, newline: string) {
  const size = block(100, newline).length;
  const ends = ['fin', 'rst', 'complete'] as const;
  let done = false;
  const upstream = await RawUpstream.listen(scene, (socket, nth, request) => {
    // Numbers of three digits, so that all blocks are of one length.
    const from = Math.max(askedBehind(request), 99) + 1;
    const bytes = nth <= size ? nth : size;
    const body = Buffer.concat([block(from, newline), block(from + 1, newline).subarray(0, bytes)]);
    const how = ends[nth % ends.length]!;
    if (nth > size) {
      done = true;
      socket.write(Buffer.concat([Buffer.from(PLAIN), body]));
    } else if (how === 'complete') {
      socket.end(Buffer.concat([Buffer.from(PLAIN), body]));
    } else {
      socket.write(Buffer.concat([Buffer.from(HEAD), chunk(body)]), () => {
        // What was written must be read before a reset, or the reset overtakes it.
        if (how === 'fin') socket.destroy();
        else setTimeout(() => socket.resetAndDestroy(), 5);
      });
    }
  });
  const on = await stage(scene, upstream.url, { ...QUICK, replay: true });
  const { client } = on;
  await client.waitFor(() => done, 'all cuts', 50_000);
  await client.waitFor(({ check }) => check!.last >= askedBehind(upstream.requests.at(-1)!) + 2, 'the rest');
  assert.ok(client.check!.contiguous, String(client.check));
  assert.equal(client.check!.first, 100);
  return on.over(`${size + 1} cuts, ${client.check!.events} events`);
}

const NEWLINES = { LF: '\n', CRLF: '\r\n', CR: '\r' };

/** Numbers through a proxy; behind `fault`, which says when it is over, everything must have come. */
async function throughProxy(
  scene: Scene,
  options: object,
  fault: (proxy: FaultProxy, upstream: ScriptedUpstream) => Promise<string>,
) {
  const upstream = await ScriptedUpstream.listen();
  scene.teardown(() => upstream.close());
  const proxy = await FaultProxy.listen(upstream.port);
  scene.teardown(() => proxy.close());
  const on = await stage(scene, `http://127.0.0.1:${proxy.port}/`, { ...QUICK, replay: true, ...options });
  await upstream.waitForConnections(1);
  upstream.start(200);
  await on.client.waitFor(({ check }) => check!.events >= 20, 'events before the fault');
  const seen = await fault(proxy, upstream);
  upstream.stop();
  await on.client.waitFor(({ check }) => check!.last >= upstream.number, 'the last event', 20_000);
  assert.ok(on.client.check!.contiguous, String(on.client.check));
  return { on, seen };
}

export const CUTS: readonly Fault[] = [
  ...Object.entries(NEWLINES).map(
    ([name, newline]): Fault => ({
      name: `upstream: cut at every byte of an event (${name})`,
      promise: 'a replaying upstream: each event once, whole and in order; no fragment crosses a connection',
      run: (scene) => everyByte(scene, newline),
    }),
  ),
  {
    name: 'upstream: resets',
    promise: 'a replaying upstream: nothing lost, nothing twice, nothing told',
    async run(scene) {
      const cuts = scene.full ? 500 : 50;
      const { on, seen } = await throughProxy(scene, {}, async (proxy, upstream) => {
        for (let i = 0; i < cuts; i += 1) {
          await upstream.waitForConnections(1);
          proxy.resetNow();
          await upstream.waitForConnections(0);
        }
        return `${cuts} resets`;
      });
      return on.over(seen);
    },
  },
  {
    name: 'upstream: half-open, silent without a FIN',
    promise: 'noticed after idleTimeoutMs of silence, and asked for what was missed',
    limitMs: { short: 60_000, full: 180_000 },
    async run(scene) {
      const idleTimeoutMs = scene.full ? 90_000 : 500;
      const { on, seen } = await throughProxy(scene, { idleTimeoutMs }, async (proxy, upstream) => {
        proxy.stall();
        const began = performance.now();
        upstream.publishNumbered(5);
        const before = proxy.connectionsTotal;
        while (proxy.connectionsTotal === before) await new Promise((resolve) => setTimeout(resolve, 5));
        const ms = performance.now() - began;
        assert.ok(ms < idleTimeoutMs + 3_000, `noticed after ${ms} ms`);
        proxy.resume();
        return `asked again ${Math.round(ms)} ms after the last byte (limit ${idleTimeoutMs} and a delay)`;
      });
      assert.equal(await on.count('upstream_disconnects_total', { reason: 'idle-timeout' }), 1);
      return on.over(seen);
    },
  },
];
