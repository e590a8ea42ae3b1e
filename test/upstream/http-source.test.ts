import t from 'tap';
import { Dispatcher } from 'undici';
import type { CloseReason } from '../../src/errors.js';
import { ManualClock } from '../helpers/manual-clock.js';
import { rig } from './rig.js';
import { ending, serve, status, stream } from './server.js';

t.test('a source reports connecting, connected, its bytes and the end, in this order', async (t) => {
  const upstream = await serve(t, ending('data:1\n\n'));
  const r = rig(t, upstream.url);
  t.equal(r.source.status.state, 'idle');
  r.source.open();
  await r.next('state backoff');
  t.same(r.notes, [
    'state connecting',
    'connecting 1',
    'state open',
    'connected',
    'received 8',
    'disconnected ended',
    'state backoff',
  ]);
  t.same([r.inlet.begun, r.inlet.ends], [[false], 1]);
});

t.test('open has no effect while connecting, open or in backoff', async (t) => {
  const upstream = await serve(t, status(500), stream('data:1\n\n'));
  const r = rig(t, upstream.url);
  r.source.open();
  r.source.open();
  await r.next('state backoff');
  r.source.open();
  r.passDelay();
  await r.next('connected');
  r.source.open();
  await r.next('received');
  t.equal(upstream.requests.length, 2);
});

t.test('a retryable answer is tried again after the delay and not before', async (t) => {
  const upstream = await serve(t, status(500), stream('data:1\n\n'));
  const r = rig(t, upstream.url);
  r.source.open();
  await r.next('state backoff');
  t.match(r.source.status, { attempts: 1, lastError: { code: 'SSE_GATEWAY_UPSTREAM_STATUS' } });
  r.clock.advance(999);
  t.equal(r.source.status.state, 'backoff');
  r.clock.advance(1);
  t.equal(r.source.status.state, 'connecting');
  await r.next('connected');
});

t.test('the delays of an upstream that stays down double up to backoffMaxMs', async (t) => {
  const upstream = await serve(t, status(503));
  const r = rig(t, upstream.url);
  r.source.open();
  const delays: number[] = [];
  for (let i = 0; i < 7; i++) {
    await r.next('state backoff');
    delays.push(r.passDelay());
  }
  t.same(delays, [1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  const attempts = r.notes.filter((note) => note.startsWith('connecting'));
  t.same(
    attempts,
    [1, 2, 3, 4, 5, 6, 7, 8].map((attempt) => `connecting ${attempt}`),
  );
});

t.test('a stream that is accepted and closed at once counts as a failure', async (t) => {
  const upstream = await serve(t, ending(''));
  const r = rig(t, upstream.url);
  r.source.open();
  const delays: number[] = [];
  for (let i = 0; i < 4; i++) {
    await r.next('state backoff');
    delays.push(r.passDelay());
  }
  t.same(delays, [1_000, 2_000, 4_000, 8_000]);
});

t.test('one event per connection does not hide that each is closed at once', async (t) => {
  const upstream = await serve(t, ending('data:1\n\n'));
  const r = rig(t, upstream.url);
  r.source.open();
  const delays: number[] = [];
  for (let i = 0; i < 4; i++) {
    await r.next('state backoff');
    delays.push(r.passDelay());
  }
  t.same(delays, [250, 1_000, 2_000, 4_000], 'only the first, with no delay before it, was good');
});

t.test('a gateway that ends its streams every 29 s is asked again soon, for ever', async (t) => {
  let end = () => {};
  const upstream = await serve(t, (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write('data:1\n\n');
    end = () => response.end();
  });
  const r = rig(t, upstream.url);
  r.source.open();
  for (let i = 0; i < 5; i++) {
    await r.next('received 8');
    r.clock.advance(29_000);
    end();
    await r.next('state backoff');
    t.match(r.source.status, { attempts: 0, lastError: undefined });
    t.equal(r.passDelay(), 250);
  }
});

t.test('while a good stream is open the status says so already', async (t) => {
  const upstream = await serve(t, status(500), stream('data:1\n\n'));
  const r = rig(t, upstream.url);
  r.source.open();
  await r.next('state backoff');
  r.passDelay();
  await r.next('received');
  t.equal(r.source.status.attempts, 1);
  r.clock.advance(2_000);
  t.match(r.source.status, { state: 'open', attempts: 0, lastError: undefined });
});

t.test('the clean end of a good stream leaves no fault behind', async (t) => {
  let end = () => {};
  const upstream = await serve(t, status(500), (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write('data:1\n\n');
    end = () => response.end();
  });
  const r = rig(t, upstream.url);
  r.source.open();
  await r.next('state backoff');
  r.passDelay();
  await r.next('received');
  r.clock.advance(2_000);
  end();
  await r.next('state backoff');
  t.match(r.source.status, { attempts: 0, lastError: undefined });
});

t.test('a good stream that breaks is the first failure', async (t) => {
  const upstream = await serve(t, status(500), status(500), stream('data:1\n\n'));
  const r = rig(t, upstream.url);
  r.source.open();
  for (let i = 0; i < 2; i++) {
    await r.next('state backoff');
    r.passDelay();
  }
  await r.next('received');
  r.clock.advance(60_000);
  upstream.sockets.at(-1)!.resetAndDestroy();
  t.equal(await r.next('disconnected'), 'disconnected network-error');
  t.equal(r.source.status.attempts, 1);
});

t.test('the upstream’s retry: is the floor of the delay', async (t) => {
  const upstream = await serve(t, ending('retry: 5000\ndata:1\n\n'));
  const r = rig(t, upstream.url);
  r.inlet.retryMs = 5_000;
  r.source.open();
  await r.next('state backoff');
  t.equal(r.passDelay(), 7_500);
});

t.test('Retry-After of a 429 is a lower bound, in seconds', async (t) => {
  const upstream = await serve(t, status(429, { 'Retry-After': '20' }));
  const r = rig(t, upstream.url);
  r.source.open();
  await r.next('state backoff');
  t.equal(r.passDelay(), 21_000);
});

t.test('Retry-After of a 503 is a lower bound, as a date', async (t) => {
  const clock = new ManualClock();
  const date = new Date(clock.wallNow() + 20_000).toUTCString();
  const upstream = await serve(t, status(503, { 'Retry-After': date }));
  const r = rig(t, upstream.url, { clock });
  r.source.open();
  await r.next('state backoff');
  t.equal(r.passDelay(), 21_000);
});

t.test('terminal answers end in failed at once', async (t) => {
  const cases: [code: number, headers: Record<string, string>, reason: CloseReason][] = [
    [204, {}, 'no-content'],
    [401, {}, 'status'],
    [403, {}, 'status'],
    [404, {}, 'status'],
    [410, {}, 'status'],
    [200, { 'Content-Type': 'text/html' }, 'content-type'],
  ];
  for (const [code, headers, reason] of cases) {
    const upstream = await serve(t, status(code, headers));
    const r = rig(t, upstream.url);
    r.source.open();
    await r.next('state failed');
    t.same(r.notes.slice(-2), [`disconnected ${reason}`, 'state failed'], `${code}`);
    t.equal(r.source.status.lastError, r.lastError);
    t.equal(r.clock.pending, 0, 'nothing will happen by itself');
    t.same(r.inlet.begun, []);
  }
});

t.test('an encoded stream is refused, its socket closed, and tried again', async (t) => {
  const upstream = await serve(
    t,
    (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Content-Encoding': 'gzip' });
      response.write('x');
    },
    stream('data:1\n\n'),
  );
  const r = rig(t, upstream.url);
  r.source.open();
  await r.next('disconnected content-encoding');
  await upstream.closed(0);
  r.passDelay();
  await r.holds('data:1\n\n');
  t.equal(r.inlet.text, 'data:1\n\n', 'nothing of the encoded body arrived');
});

t.test('a failed source refuses open until retryAt, then makes one attempt', async (t) => {
  const upstream = await serve(t, status(404));
  const r = rig(t, upstream.url);
  r.source.open();
  await r.next('state failed');
  t.equal(r.source.status.retryAt, r.clock.now() + 60_000);
  r.clock.advance(59_999);
  r.source.open();
  t.equal(r.source.status.state, 'failed');
  r.clock.advance(1);
  t.equal(r.source.status.state, 'failed', 'it waits for a subscriber');
  r.source.open();
  await r.next('state failed');
  t.equal(upstream.requests.length, 2);
});

t.test('a failed source whose next attempt fails retryably goes to backoff', async (t) => {
  const upstream = await serve(t, status(404), status(500), stream('data:1\n\n'));
  const r = rig(t, upstream.url);
  r.source.open();
  await r.next('state failed');
  r.clock.advance(60_000);
  r.source.open();
  await r.next('state backoff');
  r.passDelay();
  await r.next('connected');
});

t.test('after maxAttempts failures in a row the source fails with the last fault', async (t) => {
  const upstream = await serve(t, status(500), status(502), status(503));
  const r = rig(t, upstream.url, { maxAttempts: 3 });
  r.source.open();
  for (let i = 0; i < 2; i++) {
    await r.next('state backoff');
    r.passDelay();
  }
  await r.next('state failed');
  t.match(r.source.status, { attempts: 3, lastError: { message: /answered 503/ } });
});

t.test(
  'nothing of a closed connection reaches the inlet, even from a dispatcher that goes on talking',
  async (t) => {
    const receivers: Dispatcher.DispatchHandler[] = [];
    class Deaf extends Dispatcher {
      override dispatch(_: Dispatcher.DispatchOptions, receiver: Dispatcher.DispatchHandler): boolean {
        receivers.push(receiver);
        return true;
      }
      override async destroy(): Promise<void> {}
    }
    const aborts: Error[] = [];
    const controller: Dispatcher.DispatchController = {
      aborted: false,
      paused: false,
      reason: null,
      rawHeaders: [],
      abort: (reason) => aborts.push(reason),
      pause() {},
      resume() {},
    };
    const r = rig(t, 'http://up.test/', { dispatcher: new Deaf() });
    r.source.open();
    r.source.close('idle');
    const said = r.notes.length;
    const [receiver] = receivers;
    receiver!.onRequestStart!(controller, null);
    t.equal(aborts.length, 1, 'it is cut as soon as it can be');
    receiver!.onResponseStart!(controller, 200, { 'content-type': 'text/event-stream' });
    receiver!.onResponseData!(controller, Buffer.from('data:1\n\n'));
    receiver!.onResponseEnd!(controller, {});
    receiver!.onResponseError!(controller, new Error('late'));
    t.equal(r.notes.length, said);
    t.same([r.inlet.begun, r.inlet.text], [[], '']);
  },
);

t.test('an event above the limit cuts the connection and backs off', async (t) => {
  const upstream = await serve(t, stream('data:much too much'));
  const r = rig(t, upstream.url);
  r.inlet.cut = 'event-too-large';
  r.source.open();
  await r.next('state backoff');
  t.same(r.notes.slice(-3), ['received 18', 'disconnected event-too-large', 'state backoff']);
  t.equal(r.lastError?.code, 'SSE_GATEWAY_UPSTREAM_EVENT_TOO_LARGE');
  t.equal(r.inlet.ends, 1);
  await upstream.closed();
});

t.test('a URL that is none fails like a connect, without an exception', async (t) => {
  for (const url of [
    '',
    'not a url',
    'user:hunter2@host',
    'ftp://up.test/',
    'file:///etc/passwd',
    'http://',
  ]) {
    const r = rig(t, url);
    r.source.open();
    t.equal(r.notes.at(-2), 'disconnected connect-failed', url);
    t.equal(r.source.status.state, 'backoff');
    t.notMatch(r.lastError?.message, /hunter2/);
  }
});

t.test('since is when the state was entered', async (t) => {
  const upstream = await serve(t, stream('data:1\n\n'));
  const r = rig(t, upstream.url);
  r.clock.advance(50);
  r.source.open();
  await r.next('connected');
  const opened = r.clock.now();
  r.clock.advance(500);
  t.equal(r.source.status.since, opened);
});
