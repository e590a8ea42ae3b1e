import { createServer } from 'node:https';
import t from 'tap';
import { type ChannelOptions, type ResolvedChannelOptions, resolveOptions } from '../../src/options.js';
import { httpUpstreams } from '../../src/upstream/upstreams.js';
import { ManualClock } from '../helpers/manual-clock.js';
import { CERTIFICATE, PRIVATE_KEY } from './certificate.js';
import { Recorder } from './recorder.js';
import { listen, serve, status, stream } from './server.js';

function resolved(channel: ChannelOptions): ResolvedChannelOptions {
  return resolveOptions({ channels: { one: channel } }).channels['one']!;
}

function shared(t: { teardown(fn: () => Promise<void>): void }, connectsPerSecond = 100) {
  const clock = new ManualClock();
  const upstreams = httpUpstreams({ clock, random: () => 0.5, connectsPerSecond });
  t.teardown(() => upstreams.close());
  const open = (url: string, channel: Partial<ChannelOptions> = {}) => {
    const recorder = new Recorder();
    recorder.inlet.cursor = new TextEncoder().encode('7');
    const source = upstreams.upstream([url], resolved({ url, ...channel })).source(recorder.inlet, recorder);
    source.open();
    return { recorder, source };
  };
  return { upstreams, clock, open };
}

t.test('a channel’s options become a source that streams and asks with the last id', async (t) => {
  const upstream = await serve(t, stream('data:1\n\n'));
  const { recorder } = shared(t).open(upstream.url, { headers: { 'X-Key': 'k' } });
  await recorder.holds('data:1\n\n');
  t.match(upstream.requests[0]!.headers, { 'x-key': 'k', 'last-event-id': '7' });
});

t.test('an upstream declared not to replay is never asked with an id', async (t) => {
  const upstream = await serve(t, stream('data:1\n\n'));
  const { recorder } = shared(t).open(upstream.url, { replay: false });
  await recorder.holds('data:1\n\n');
  t.notOk('last-event-id' in upstream.requests[0]!.headers);
});

t.test('the timings of a channel are those of its source', async (t) => {
  const upstream = await serve(t, status(404));
  const { open, clock } = shared(t);
  const { recorder, source } = open(upstream.url, { retryFailedMs: 5_000 });
  await recorder.next('state failed');
  t.equal(source.status.retryAt, clock.now() + 5_000);
});

t.test('sources with other TLS options do not share trust', async (t) => {
  const tls = { cert: CERTIFICATE, key: PRIVATE_KEY };
  const upstream = await listen(t, createServer(tls, stream('data:1\n\n')), 'https');
  const { open } = shared(t);
  const trusting = open(upstream.url, { tls: { ca: CERTIFICATE } });
  await trusting.recorder.next('connected');
  const doubting = open(upstream.url);
  await doubting.recorder.next('disconnected connect-failed');
});

t.test('all sources of a gateway share the pace of an origin', async (t) => {
  const upstream = await serve(t, stream('data:1\n\n'));
  const { open, clock } = shared(t, 1);
  const first = open(upstream.url);
  const second = open(upstream.url, { maxHeaderBytes: 2_048 });
  await first.recorder.next('connected');
  t.equal(second.source.status.state, 'connecting');
  clock.advance(1_000);
  await second.recorder.next('connected');
});

t.test('close closes every socket', async (t) => {
  const upstream = await serve(t, stream('data:1\n\n'));
  const { upstreams, open } = shared(t);
  const { recorder, source } = open(upstream.url);
  await recorder.next('connected');
  source.close('shutdown');
  await upstreams.close();
  await upstream.closed();
});

t.test('a private request goes to the URL that the channel is at', async (t) => {
  const a = await serve(t, status(503));
  const b = await serve(t, stream('data:1\n\n'));
  const { upstreams } = shared(t);
  const url = [a.url, b.url];
  const { source, once } = upstreams.upstream(url, resolved({ url }));
  const ask = (factory: typeof source) => {
    const recorder = new Recorder();
    recorder.inlet.cursor = new TextEncoder().encode('7');
    factory(recorder.inlet, recorder).open();
    return recorder.next('connected');
  };
  await ask(source);
  await ask(once);
  t.same([a.requests.length, b.requests.length], [1, 2]);
});
