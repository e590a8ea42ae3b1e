import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import t, { type Test as TapTest } from 'tap';
import { ChunkFramer } from '../../src/downstream/chunk-framer.js';
import { httpSink } from '../../src/downstream/http-sink.js';
import { Http1Sink } from '../../src/downstream/http1-sink.js';
import { SlabPool } from '../../src/log/pool.js';
import { HEARTBEAT } from '../../src/sse/control.js';
import { rawRequest } from '../helpers/raw-http.js';
import { SseClient } from '../helpers/sse-client.js';
import { http1, Owner, sendHead, sliceOf } from './servers.js';

const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';

/** A client and the sink that serves it. */
async function pair(t: TapTest, request = GET) {
  let sink: Http1Sink | undefined;
  let response: ServerResponse | undefined;
  const owner = new Owner();
  const serving = await http1((its) => {
    sendHead(its);
    if (response !== undefined) return;
    response = its;
    sink = httpSink(its, new ChunkFramer(new SlabPool({ poison: true }))) as Http1Sink;
    sink.attach(owner);
  });
  t.teardown(() => serving.close());
  const client = rawRequest(serving.port, request);
  t.teardown(() => client.destroy());
  await client.waitFor('\r\n\r\n');
  return { client, owner, sink: sink!, response: response!, serving };
}

t.test('HTTP/1.1 gets one chunk per write, and the end of the body behind the last', async (t) => {
  const { client, owner, sink } = await pair(t);
  t.ok(sink.write(sliceOf('data: 1\n\n')), 'taken at once');
  sink.writePrivate(HEARTBEAT);
  await owner.waitFor(1);
  sink.writePrivate(Buffer.from('retry: 1\n\n'));
  sink.end(Buffer.from('last\n\n'));
  await owner.waitForClose();
  t.same(owner.told, ['written', 'written', 'closed']);
  const text = await client.waitFor('0\r\n\r\n');
  t.equal(
    text.slice(text.indexOf('\r\n\r\n') + 4),
    '9\r\ndata: 1\n\n\r\n3\r\n:\n\n\r\na\r\nretry: 1\n\n\r\n6\r\nlast\n\n\r\n0\r\n\r\n',
  );
});

t.test('HTTP/1.0 gets the bytes as they are, until the connection ends', async (t) => {
  const { client, owner, sink } = await pair(t, 'GET / HTTP/1.0\r\n\r\n');
  sink.write(sliceOf('data: 1\n\n'));
  sink.writePrivate(HEARTBEAT);
  sink.end();
  const text = await client.waitForClose();
  t.notMatch(text, /transfer-encoding/i);
  t.equal(text.slice(text.indexOf('\r\n\r\n') + 4), 'data: 1\n\n:\n\n');
  t.equal(owner.told.at(-1), 'closed');
});

t.test('an ended stream leaves a connection that serves the next request', async (t) => {
  const { client, owner, sink } = await pair(t);
  sink.end();
  await owner.waitForClose();
  client.send(GET);
  await client.waitFor(/\r\n0\r\n\r\nHTTP\/1\.1 200 OK/);
});

t.test('what belongs to an ended stream does not disturb the next on its connection', async (t) => {
  const { client, owner, sink, response, serving } = await pair(t);
  sink.end();
  await owner.waitForClose();
  const next = once(serving.server, 'request');
  client.send(GET);
  const [, second] = (await next) as [unknown, ServerResponse];
  t.not(second, response);
  client.reset();
  await once(second, 'close');
  t.equal(
    owner.told.filter((call) => call !== 'written').length,
    1,
    'closed once, and no error of the other stream',
  );
});

t.test('a client that goes is told of once, after its writes', async (t) => {
  for (const how of ['destroy', 'reset'] as const) {
    const { client, owner, sink } = await pair(t);
    client[how]();
    await owner.waitForClose();
    t.equal(owner.told.length, 1, how);
    sink.writePrivate(HEARTBEAT);
    await owner.waitFor(2);
    t.equal(owner.told[1], 'lost', 'a write behind it is lost, and does not throw');
  }
});

t.test('a write that the client never takes is lost when the stream is destroyed, then closed', async (t) => {
  const { client, owner, sink } = await pair(t);
  // More than the kernel's buffers take.
  sink.writePrivate(Buffer.alloc(32_000_000, 'x'));
  sink.destroy();
  await owner.waitForClose();
  t.same(owner.told, ['lost', 'closed']);
  client.destroy();
});

t.test(
  'a slice that the kernel does not take at once is under way until the client reads, or is lost',
  async (t) => {
    for (const reads of [true, false]) {
      const { client, owner, sink } = await pair(t);
      const slice = sliceOf(`data: ${'x'.repeat(200_000)}\n\n`);
      let taken = 0;
      while (taken < 1_000 && sink.write(slice)) taken += 1;
      t.ok(taken > 0 && taken < 1_000, `${taken} were taken`);
      t.same(owner.told, []);
      if (reads) {
        await owner.waitFor(1);
        t.same(owner.told, ['written']);
      } else {
        sink.destroy();
        await owner.waitForClose();
        t.same(owner.told, ['lost', 'closed']);
      }
      client.destroy();
    }
  },
);

t.test('a slice for a client that is gone is lost, not taken', async (t) => {
  const { owner, sink, response } = await pair(t);
  response.socket!.destroy();
  t.notOk(sink.write(sliceOf('data: 1\n\n')));
  await owner.waitFor(2);
  t.same([...owner.told].sort(), ['closed', 'lost']);
});

t.test('an error of the socket is a failure; one behind the close disturbs nobody', async (t) => {
  const { owner, sink, response } = await pair(t);
  const { socket } = response;
  socket!.destroy(new Error('broken'));
  await owner.waitForClose();
  t.same(owner.told, ['failed']);
  t.doesNotThrow(() => response.emit('error', new Error('late')));
  t.same(owner.told, ['failed']);
  sink.destroy();
});

t.test('a socket that is gone at attach is told of, once, behind the writes that were tried', async (t) => {
  const owner = new Owner();
  let begun: (() => void) | undefined;
  const attached = new Promise<void>((resolve) => (begun = resolve));
  const serving = await http1((response) => {
    sendHead(response);
    const sink = new Http1Sink(response, undefined);
    response.socket!.destroy();
    sink.attach(owner);
    sink.writePrivate(HEARTBEAT);
    begun!();
  });
  t.teardown(() => serving.close());
  const client = new SseClient({ port: serving.port });
  await attached;
  await owner.waitForClose();
  await client.closed;
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  t.same(owner.told, ['lost', 'closed']);
});

t.test('a stream has no timeout of the server', async (t) => {
  const { response } = await pair(t);
  t.equal(response.socket?.timeout, 0);
});

for (const [version, request] of Object.entries({ '1.1': GET, '1.0': 'GET / HTTP/1.0\r\n\r\n' })) {
  t.test(
    `a large event goes out in parts that are told, and an end waits for the last (HTTP/${version})`,
    async (t) => {
      const { owner, sink, client } = await pair(t, request);
      const event = `data: ${'x'.repeat(1_000_000)}\n\n`;
      sink.write(sliceOf(event));
      sink.end(Buffer.from('retry: 1\n\n'));
      await owner.waitForClose();
      t.same(owner.told, ['written', 'closed']);
      t.equal(owner.parts, 3);
      const text = version === '1.1' ? await client.waitFor('0\r\n\r\n') : await client.waitForClose();
      const body = text
        .slice(text.indexOf('\r\n\r\n') + 4)
        .replace(/\r\n[0-9a-f]+\r\n/g, '')
        .replace(/^[0-9a-f]+\r\n/, '');
      t.ok(body.startsWith(`${event}retry: 1\n\n`), `${body.length} bytes`);
    },
  );
}

t.test('an HTTP/1.0 stream that ends without last bytes is closed behind the write under way', async (t) => {
  const { client, owner, sink } = await pair(t, 'GET / HTTP/1.0\r\n\r\n');
  const slice = sliceOf(`data: ${'x'.repeat(200_000)}\n\n`);
  while (sink.write(slice));
  sink.end();
  await owner.waitForClose();
  t.same(owner.told, ['written', 'closed']);
  client.destroy();
});
