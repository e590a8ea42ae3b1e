import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import t from 'tap';
import { ChunkFramer } from '../../src/downstream/chunk-framer.js';
import { httpSink, isHttp2 } from '../../src/downstream/http-sink.js';
import { Http1Sink } from '../../src/downstream/http1-sink.js';
import { ownsSocket } from '../../src/downstream/owns-socket.js';
import { SlabPool } from '../../src/log/pool.js';
import { rawRequest } from '../helpers/raw-http.js';
import { http1, Owner, sendHead } from './servers.js';

const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';

t.test('a pipelined response waits for its turn on the socket, then owns it', async (t) => {
  const owned: boolean[] = [];
  const responses: ServerResponse[] = [];
  const owner = new Owner();
  const serving = await http1((response) => {
    responses.push(response);
    if (responses.length === 1) return;
    t.throws(() => new Http1Sink(response, undefined), TypeError);
    void (ownsSocket(response) as Promise<boolean>).then((owns) => {
      owned.push(owns);
      sendHead(response);
      const sink = httpSink(response, new ChunkFramer(new SlabPool({ poison: true })));
      sink.attach(owner);
      sink.writePrivate(Buffer.from('data: 2\n\n'));
      sink.end();
    });
  });
  t.teardown(() => serving.close());
  const client = rawRequest(serving.port, GET + GET);
  t.teardown(() => client.destroy());
  while (responses.length < 2) await new Promise((resolve) => setImmediate(resolve));
  t.same(owned, []);
  responses[0]!.end('first');
  const text = await client.waitFor(/data: 2\n\n\r\n0\r\n\r\n/);
  t.same(owned, [true]);
  t.ok(
    text.indexOf('first') < text.lastIndexOf('HTTP/1.1 200'),
    'the first answer is whole before the second',
  );
});

t.test('a pipelined response whose connection ends first never owns the socket', async (t) => {
  const seen: ServerResponse[] = [];
  const serving = await http1((response) => void seen.push(response));
  t.teardown(() => serving.close());
  const client = rawRequest(serving.port, GET + GET);
  while (seen.length < 2) await new Promise((resolve) => setImmediate(resolve));
  const owns = ownsSocket(seen[1]!);
  client.reset();
  t.equal(await owns, false);
  t.equal(ownsSocket(seen[1]!), false, 'nor later');
});

t.test('a response that has its socket owns it at once, unless that is gone', async (t) => {
  const serving = await http1(sendHead);
  t.teardown(() => serving.close());
  const asked = once(serving.server, 'request');
  const client = rawRequest(serving.port, GET);
  t.teardown(() => client.destroy());
  const [, response] = (await asked) as [unknown, ServerResponse];
  t.equal(ownsSocket(response), true);
  t.notOk(isHttp2(response));
  response.socket!.destroy();
  t.equal(ownsSocket(response), false);
});

t.test('hundreds that wait on one connection are one listener, and each learns of its end', async (t) => {
  const seen: ServerResponse[] = [];
  const serving = await http1((response) => void seen.push(response));
  t.teardown(() => serving.close());
  const client = rawRequest(serving.port, GET.repeat(200));
  while (seen.length < 200) await new Promise((resolve) => setImmediate(resolve));
  const connection = seen[0]!.req.socket;
  const before = connection.listenerCount('close');
  const waits = seen.slice(1).map(ownsSocket);
  t.equal(connection.listenerCount('close'), before + 1);
  client.reset();
  t.same(new Set(await Promise.all(waits)), new Set([false]));
});
