import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { rawRequest } from './raw-http.js';

async function listen(t: Test, serve: (socket: Socket) => void): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    serve(socket.on('error', () => undefined));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

t.test('literal bytes go out and come back, over several sends, to the end', async (t) => {
  const port = await listen(t, (socket) => socket.pipe(socket));
  const raw = rawRequest(port, 'GET é\r\n');
  t.equal(await raw.waitFor('\r\n'), 'GET é\r\n');
  raw.send(Buffer.from([0, 255]));
  await raw.waitFor(9);
  t.same([...raw.received.subarray(-2)], [0, 255]);
  raw.send('later');
  raw.end();
  t.match(await raw.waitFor(/la.er/), 'later');
  t.match(await raw.waitForClose(), /later$/);
  t.equal(await raw.closed, 'end');
});

t.test('what cannot come any more, or does not in time, rejects with what was received', async (t) => {
  const port = await listen(t, (socket) => socket.write('abc'));
  const held = rawRequest(port, 'x');
  await held.waitFor('abc');
  await t.rejects(held.waitFor('abcd', 20), { message: /20 ms passed.*"abcd".*3 bytes "abc"/ });
  held.destroy();
  const ending = await listen(t, (socket) => socket.end('abc'));
  await t.rejects(rawRequest(ending, 'x').waitFor('abcd'), { message: /is over \(end\)/ });
});

t.test('a reset is told from an end', async (t) => {
  const port = await listen(t, (socket) => socket.once('data', () => socket.resetAndDestroy()));
  t.equal(await rawRequest(port, 'x').closed, 'error');
});
