import { setImmediate } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { serve } from './serve.js';
import { staying } from './staying.js';

const EVENTS = 'GET /events/prices HTTP/1.1\r\nHost: a\r\n\r\n';

/** Warnings that the process emits while the test runs. */
function warnings(t: Test): Error[] {
  const seen: Error[] = [];
  const warned = (warning: Error) => seen.push(warning);
  process.on('warning', warned);
  t.teardown(() => process.removeListener('warning', warned));
  return seen;
}

t.test('a stream behind a slow response waits for it, and both are whole and in order', async (t) => {
  let finish: (answer: string) => void = () => undefined;
  const slow = new Promise<string>((resolve) => {
    finish = resolve;
  });
  const gateway = await serve(
    t,
    {},
    { before: (app) => app.get('/slow', (_request, reply) => slow.then((text) => reply.send(text))) },
  );
  // The channel is live, so that there are events that a stream out of turn would write.
  const other = await gateway.live();
  const raw = gateway.raw(`GET /slow HTTP/1.1\r\nHost: a\r\n\r\n${EVENTS}`);
  const asked = new Promise((resolve) => gateway.app.server.once('request', resolve));
  await asked;
  gateway.upstream.publishNumbered(3);
  await other.waitFor(3);
  t.equal(raw.text, '');
  t.equal(gateway.subscribers, 1, 'it is no subscriber before its turn');
  finish('slow answer');
  await raw.waitFor('retry:');
  gateway.upstream.publishNumbered(2);
  await raw.waitFor('id: 5\n');
  t.match(
    raw.text,
    /^HTTP\/1\.1 200 OK\r\n(?:[^\r]+\r\n)+\r\nslow answerHTTP\/1\.1 200 OK\r\n(?:[^\r]+\r\n)+\r\n[0-9a-f]+\r\n:\nretry: /,
  );
  t.notMatch(raw.text, 'id: 3\n', 'it began at the tip of its own turn');
});

staying('an answer behind a stream comes when that has ended', async (t) => {
  const gateway = await serve(t, (origin) => ({
    channels: { prices: { url: origin, maxAgeMs: 1, heartbeatMs: 100 } },
  }));
  const raw = gateway.raw(`${EVENTS}GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n`);
  await raw.waitFor('{"status":"live"}');
  t.match(
    raw.text,
    /\r\n\r\n[0-9a-f]+\r\n:\nretry: \d+\n\n\r\n[0-9a-f]+\r\nretry: \d+\n\n\r\n0\r\n\r\nHTTP\/1\.1 200 OK\r\n/,
  );
});

t.test(
  'two hundred pipelined streams are one subscriber at most, and none when the connection is gone',
  async (t) => {
    const warned = warnings(t);
    const gateway = await serve(t);
    let requests = 0;
    gateway.app.server.on('request', () => (requests += 1));
    const raw = gateway.raw(EVENTS.repeat(200));
    await raw.waitFor('retry:');
    while (requests < 200) await setImmediate();
    await gateway.upstream.waitForConnections(1);
    gateway.upstream.publishNumbered(5);
    await raw.waitFor('id: 5\n');
    t.equal(gateway.subscribers, 1);
    t.equal(raw.text.match(/HTTP\/1\.1 /g)?.length, 1);
    raw.reset();
    await gateway.waitForSubscribers(0);
    // What waited for its turn has learnt of the end in the same turn; one more for what it does then.
    await setImmediate();
    t.equal(gateway.subscribers, 0);
    t.equal(gateway.upstream.requests.length, 1);
    t.strictSame(warned, [], 'no listener leak');
  },
);

staying('pipelined streams take their turns, each ended before the next begins', async (t) => {
  const gateway = await serve(t, (origin) => ({
    channels: { prices: { url: origin, maxAgeMs: 1, heartbeatMs: 100 } },
  }));
  const raw = gateway.raw(EVENTS.repeat(5));
  await raw.waitFor(/(?:\n\n\r\n0\r\n\r\n(?:HTTP|$)[\s\S]*){5}/);
  t.equal(raw.text.match(/HTTP\/1\.1 200 OK\r\n/g)?.length, 5);
  await gateway.waitForSubscribers(0);
});
