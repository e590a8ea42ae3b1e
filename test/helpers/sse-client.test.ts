import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { stampMs } from './real-time.js';
import { SseClient } from './sse-client.js';

/** A TCP server that hands out sockets together with the request head it read from them. */
async function listen(t: Test, serve: (socket: Socket, request: string) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('data', (data) => serve(socket, data.toString('latin1')));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n';
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

t.test('it records head, events, comments, retry and bytes of a chunked stream', async (t) => {
  const wire = `${CHUNKED}${chunk(':hi\nretry: 1500\n\n')}${chunk('id: 1\ndata: é\n\n')}${chunk('event: x\ndata: b\n\n')}`;
  const port = await listen(t, (socket) => socket.write(wire));
  const client = await new SseClient({ port }).waitFor(2);
  t.equal((await client.opened()).status, 200);
  t.equal(client.headers['content-type'], 'text/event-stream');
  t.same(client.events, [
    { id: '1', idField: '1', type: 'message', data: 'é' },
    { id: '1', idField: undefined, type: 'x', data: 'b' },
  ]);
  t.same(client.data, ['é', 'b']);
  t.same([client.comments, client.retry, client.chunks], [['hi'], 1500, 3]);
  t.equal(client.bytes, Buffer.byteLength(wire));
  t.equal(client.body.toString(), ':hi\nretry: 1500\n\nid: 1\ndata: é\n\nevent: x\ndata: b\n\n');
  client.destroy();
  t.match(await client.closed, { why: 'destroyed', atBoundary: true });
});

t.test('it asks for what it is told to, with ids in UTF-8, and comes back with its last id', async (t) => {
  const requests: string[] = [];
  const port = await listen(t, (socket, request) => {
    requests.push(`${request}from ${socket.remoteAddress}`);
    socket.write(`${HEAD}\r\nid: ü2\ndata: b\n\nid: 3\ndata: cut`);
  });
  const first = new SseClient({
    port,
    path: '/a?b',
    httpVersion: '1.0',
    localAddress: '127.0.0.2',
    headers: { 'X-Key': 'k', accept: '*/*' },
    lastEventId: 'é1',
  });
  await first.waitFor(1);
  const second = await first.reconnect({ httpVersion: '1.1' }).waitFor(1);
  second.destroy();
  const latin1 = (text: string) => Buffer.from(text).toString('latin1');
  t.equal(
    requests[0],
    `GET /a?b HTTP/1.0\r\nHost: 127.0.0.1:${port}\r\nX-Key: k\r\naccept: */*\r\nLast-Event-ID: ${latin1('é1')}\r\n\r\nfrom 127.0.0.2`,
  );
  t.match(requests[1], `GET /a?b HTTP/1.1\r\n`);
  t.match(requests[1], `Last-Event-ID: ${latin1('ü2')}\r\n`);
});

t.test('why it ended tells complete, cut, reset, refused and malformed apart', async (t) => {
  const ends: Record<string, (socket: Socket) => void> = {
    'complete true': (socket) => socket.write(`${CHUNKED}${chunk('data: a\n\n')}0\r\n\r\n`),
    'cut true': (socket) => socket.end(`${CHUNKED}${chunk('data: a\n\n')}`),
    'cut false': (socket) => socket.end(`${CHUNKED}${chunk('data: a\n\ndata: b')}`),
    'malformed true': (socket) => socket.write(`${CHUNKED}${chunk('data: a\n\n')}xyz\r\n`),
  };
  for (const [expected, serve] of Object.entries(ends)) {
    const port = await listen(t, serve);
    const client = new SseClient({ port });
    const { why, atBoundary } = await client.waitForClose();
    t.equal(`${why} ${atBoundary}`, expected);
    t.equal(client.count, 1, 'what came before the end was read');
  }
  let server: Socket | undefined;
  const resetting = await listen(t, (socket) => {
    server = socket;
    socket.write(`${CHUNKED}${chunk('data: a\n\n')}`);
  });
  const reset = await new SseClient({ port: resetting }).waitFor(1);
  server?.resetAndDestroy();
  t.match(await reset.waitForClose(), { why: 'reset', error: { code: 'ECONNRESET' } });
  const identity = await listen(t, (socket) => socket.end(`${HEAD}\r\ndata: a\n\n`));
  t.match(await new SseClient({ port: identity }).closed, { why: 'complete' });
  const closed = await listen(t, () => undefined);
  t.match(await new SseClient({ port: closed, host: '127.0.0.9' }).closed, {
    why: 'refused',
    error: { code: 'ECONNREFUSED' },
  });
});

t.test('an answer that is no event stream is kept as text and ends the wait for events', async (t) => {
  const port = await listen(t, (socket) =>
    socket.write('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy'),
  );
  const client = new SseClient({ port });
  await t.rejects(client.waitFor(1), { message: /complete.*1 events.*status 503.*busy/ });
  t.match(client, { status: 503, text: 'busy', count: 0 });
});

t.test('a wait that takes too long tells what was seen', async (t) => {
  const port = await listen(t, (socket) => socket.write(`${HEAD}\r\nid: 7\ndata: a\n\n`));
  const client = await new SseClient({ port }).waitFor(1);
  await t.rejects(client.waitFor(2, undefined, 5), {
    message: /5 ms passed.*2 events.*1 events.*last id "7"/,
  });
  await t.rejects(client.waitForClose(5), { message: /5 ms passed.*end of the connection/ });
  client.reset();
});

t.test(
  'paused from the start it reads nothing and the server is held up, resumed it gets every byte',
  async (t) => {
    const total = 16 * 1024 * 1024;
    let hold: (socket: Socket) => void = () => undefined;
    const held = new Promise<Socket>((resolve) => (hold = resolve));
    const port = await listen(t, (socket) => {
      socket.write(`${HEAD}Content-Length: ${total}\r\n\r\n`);
      t.notOk(socket.write(Buffer.alloc(total, `${'x'.repeat(4095)}\n`)), 'the server holds bytes back');
      hold(socket);
    });
    const client = new SseClient({ port, paused: true, keep: 'last' });
    const socket = await held;
    await new Promise((resolve) => setImmediate(resolve));
    t.equal(client.bytes, 0);
    t.ok(socket.writableLength > 0);
    client.resume();
    await client.waitFor(() => client.bytes > 1024 * 1024);
    client.pause();
    const read = client.bytes;
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    t.equal(client.bytes, read, 'a pause in mid-stream holds at once');
    t.ok(read < total);
    client.resume();
    t.match(await client.waitForClose(), { why: 'complete' });
    t.ok(client.bytes > total);
  },
);

t.test('keep last and keep check hold on to one event and none', async (t) => {
  const events = [1, 2, 4].map((n) => `:c\nid: ${n}\ndata: {"n":${n},"t":${stampMs()}}\n\n`).join('');
  const port = await listen(t, (socket) => socket.end(`${HEAD}\r\n${events}`));
  const last = new SseClient({ port, keep: 'last' });
  await last.closed;
  t.same(
    [last.count, last.events.map((event) => event.id), last.comments, last.commentCount, last.body.length],
    [3, ['4'], [], 3, 0],
  );
  const check = new SseClient({ port, keep: 'check' });
  await check.closed;
  t.match(check.check, { events: 3, holes: 1, lost: 1 });
  t.equal(check.events.length, 0);
  t.equal(check.check?.latency.count, 3);
  const again = check.reconnect();
  await again.closed;
  t.match(check.check, { events: 6, duplicates: 3 }, 'one check judges across a reconnect');
});

t.test('five hundred clients in one process cost less memory than a read buffer each', async (t) => {
  const sockets: Socket[] = [];
  const port = await listen(t, (socket) => {
    sockets.push(socket);
    socket.write(CHUNKED);
  });
  const before = process.memoryUsage();
  const clients = Array.from({ length: 500 }, () => new SseClient({ port, keep: 'check' }));
  await Promise.all(clients.map((client) => client.opened()));
  for (let n = 1; n <= 20; n += 1) for (const socket of sockets) socket.write(chunk(`data: {"n":${n}}\n\n`));
  await Promise.all(clients.map((client) => client.waitFor(20)));
  const after = process.memoryUsage();
  t.ok(clients.every((client) => client.check?.contiguous));
  // Both ends live in this process, so the figure includes the server's sockets.
  const each = (after.heapUsed + after.external - before.heapUsed - before.external) / clients.length;
  t.ok(each < 64 * 1024, `${Math.round(each)} bytes`);
  for (const client of clients) client.destroy();
});
