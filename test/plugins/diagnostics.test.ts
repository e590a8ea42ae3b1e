/** Tracers hear of streams, upstream connections and gaps where they happen, as `diagnostics_channel` has it. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import t, { type Test } from 'tap';
import { until } from '../helpers/waits.js';
import { serve } from './serve.js';

const NAMES = ['stream:open', 'stream:close', 'upstream:open', 'upstream:close', 'gap'] as const;
type Heard = { readonly name: (typeof NAMES)[number] } & Record<string, unknown>;

function listen(t: Test): Heard[] {
  const heard: Heard[] = [];
  for (const name of NAMES) {
    const listener = (message: unknown) => void heard.push({ name, ...(message as object) });
    subscribe(`sse-gateway:${name}`, listener);
    t.teardown(() => unsubscribe(`sse-gateway:${name}`, listener));
  }
  return heard;
}

t.test('a stream, its upstream and a gap are heard of, with where, why and for how long', async (t) => {
  const heard = listen(t);
  const gateway = await serve(t, { name: 'traced' });
  const client = await gateway.live({ path: '/events/rooms/lobby', headers: { 'x-trace': '7' } });
  const place = { gateway: 'traced', channel: 'rooms/:room', key: 'rooms/lobby' };
  gateway.upstream.publishNumbered();
  await client.waitFor(1);
  gateway.upstream.cutAll();
  await client.waitFor(2);
  client.destroy();
  await until(
    () => heard.some(({ name }) => name === 'stream:close'),
    () => JSON.stringify(heard.map(({ name }) => name)),
  );
  const [first, ...others] = heard;
  t.match(first, { name: 'upstream:open', ...place });
  t.match(others, [
    { name: 'stream:open', ...place, resume: 'fresh', request: { headers: { 'x-trace': '7' } } },
    { name: 'upstream:close', ...place, reason: 'network-error', code: 'SSE_GATEWAY_UPSTREAM_NETWORK' },
    { name: 'gap', ...place, reason: 'upstream' },
    { name: 'upstream:open', ...place },
    { name: 'stream:close', ...place, reason: 'client-closed', request: { headers: { 'x-trace': '7' } } },
  ]);
  const { durationMs } = others.at(-1)!;
  t.ok(typeof durationMs === 'number' && durationMs > 0);
});

t.test('an upstream that the gateway lets go is closed without an error', async (t) => {
  const heard = listen(t);
  const gateway = await serve(t);
  await gateway.live();
  await gateway.app.close();
  t.match(heard.at(-1), { name: 'upstream:close', reason: 'shutdown', code: undefined });
});
