import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { directHandle, type Handle, writeDirectly } from '../../src/downstream/direct-write.js';

const LARGE = Buffer.alloc(8 * 1_048_576, 'x');

/** Both ends of a connection; the client's reads nothing until it is told to. */
async function pair(t: Test, path?: string): Promise<{ socket: Socket; client: Socket; handle: Handle }> {
  const server = createServer();
  t.teardown(() => server.close());
  server.listen(path ?? { port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const client = path === undefined ? connect((server.address() as AddressInfo).port) : connect(path);
  client.on('error', () => undefined).pause();
  const [socket] = (await accepted) as [Socket];
  socket.on('error', () => undefined);
  t.teardown(() => {
    socket.destroy();
    client.destroy();
  });
  return { socket, client, handle: directHandle(socket)! };
}

async function runNode(code: string, ...flags: string[]): Promise<string> {
  const args = [...flags, '--input-type=module', '-e', code];
  return (await promisify(execFile)(process.execPath, args)).stdout;
}

async function read(client: Socket, bytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of client as AsyncIterable<Buffer>) {
    parts.push(part);
    length += part.length;
    if (length >= bytes) break;
  }
  return Buffer.concat(parts);
}

const inTmp = join(tmpdir(), `direct-write-${process.pid}.sock`);
for (const [kind, path] of [
  ['a TCP socket', undefined],
  ['a Unix socket', inTmp],
] as const) {
  t.test(`what ${kind} has room for is taken at once, and counts as its bytes`, async (t) => {
    const { socket, client, handle } = await pair(t, path);
    t.equal(writeDirectly(handle, Buffer.from('one')), true);
    t.equal(writeDirectly(handle, Buffer.from('two')), true);
    t.equal(socket.bytesWritten, 6);
    t.equal(String(await read(client, 6)), 'onetwo');
  });
}

t.test(
  'what it has no room for is under way until the client reads, and the stream goes on behind it',
  async (t) => {
    const { socket, client, handle } = await pair(t);
    const request = writeDirectly(handle, LARGE);
    if (request === true || request === undefined) throw new Error('taken at once');
    const over = new Promise<number>((resolve) => {
      request.writer = { directlyWritten: resolve };
    });
    socket.write('behind');
    const all = await read(client, LARGE.length + 6);
    t.equal(await over, 0);
    t.equal(all.subarray(LARGE.length).toString(), 'behind');
  },
);

t.test('an end of the stream waits for it', async (t) => {
  const { socket, client, handle } = await pair(t);
  const request = writeDirectly(handle, LARGE);
  if (request === true || request === undefined) throw new Error('taken at once');
  socket.end();
  t.equal((await read(client, Number.POSITIVE_INFINITY)).length, LARGE.length);
});

t.test('a write under way on a socket that is destroyed is over, and failed', async (t) => {
  const { socket, handle } = await pair(t);
  const request = writeDirectly(handle, LARGE);
  if (request === true || request === undefined) throw new Error('taken at once');
  const over = new Promise<number>((resolve) => {
    request.writer = { directlyWritten: resolve };
  });
  socket.destroy();
  t.ok((await over) < 0);
});

t.test('a socket that is gone takes nothing', async (t) => {
  const { socket, handle } = await pair(t);
  socket.destroy();
  t.equal(writeDirectly(handle, Buffer.from('late')), undefined, 'while it closes');
  await once(socket, 'close');
  t.equal(writeDirectly(handle, Buffer.from('late')), undefined, 'and behind that');
  t.equal(directHandle(socket), undefined);
});

t.test('one failed write leaves the next ones as they are', async (t) => {
  const gone = await pair(t);
  const { client, handle } = await pair(t);
  gone.socket.destroy();
  writeDirectly(gone.handle, Buffer.from('late'));
  t.equal(writeDirectly(handle, Buffer.from('one')), true);
  t.equal(String(await read(client, 3)), 'one');
});

t.test('where Node has no such handle, or not as known, there is none', async (t) => {
  const module = new URL('../../src/downstream/direct-write.js', import.meta.url).href;
  const look = `
    const { directHandle } = await import(${JSON.stringify(module)});
    const { connect, createServer } = await import('node:net');
    const server = createServer((socket) => {
      console.log(directHandle(socket) === undefined ? 'none' : 'a handle');
      socket.destroy();
      server.close();
    }).listen(0, () => connect(server.address().port).on('error', () => undefined).resume());`;
  t.equal(await runNode(look), 'a handle\n');
  t.equal(await runNode(`process.binding = undefined;${look}`), 'none\n');
  t.equal(await runNode(`process.binding = () => { throw new Error('no'); };${look}`), 'none\n');
  t.equal(await runNode(`process.binding = () => ({ WriteWrap: class {} });${look}`), 'none\n');
  t.equal(
    directHandle({ encrypted: true, _handle: { writeBuffer: () => 0 } } as unknown as Socket),
    undefined,
  );
});
