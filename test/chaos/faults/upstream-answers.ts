/** Upstreams that answer what no client should get: too much, something else, from somewhere else, or by nobody known. */
import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { gzipSync } from 'node:zlib';
import type { ChannelOptions } from '../../../src/options.js';
import { CERTIFICATE, EXPIRED, PRIVATE_KEY, WRONG_NAME } from '../../upstream/certificate.js';
import type { Fault, Scene } from '../fault.js';
import { PLAIN, QUICK, RawUpstream, type Stage, stage } from './upstream-stage.js';

/** The channel tries at least so often, and never opens. */
async function neverOpens(on: Stage, code: string, attempts = 3): Promise<void> {
  await on.holds(() => on.health.attempts >= attempts, `${attempts} attempts`, 20_000);
  assert.equal(on.health.lastError?.code, `SSE_GATEWAY_${code}`);
  assert.equal(await on.count('upstream_connects_total', { outcome: 'ok' }), 0);
  assert.equal(on.client.ended, undefined, 'its client stays');
  assert.equal(on.client.check?.events, 0);
}

async function unreachable(scene: Scene, url: string, code: string, options: ChannelOptions = {}) {
  const on = await stage(scene, url, { ...QUICK, ...options });
  await neverOpens(on, code);
  return on.over(`${on.health.lastError?.message}`);
}

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

/** The certificate is not accepted, also where the process is told to accept any: no byte of a request is sent. */
async function untrusted(scene: Scene, cert: string, key: string, ca: string | undefined) {
  const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  scene.teardown(() => {
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
  });
  const server: Server = createTlsServer({ cert, key });
  const upstream = await RawUpstream.listen(
    scene,
    (socket) => socket.end(`${PLAIN}data: {"n":1}\n\n`),
    server,
    {
      scheme: 'https',
    },
  );
  const outcome = await unreachable(
    scene,
    upstream.url,
    'UPSTREAM_CONNECT',
    ca === undefined ? {} : { tls: { ca } },
  );
  assert.deepEqual(upstream.requests, []);
  return outcome;
}

/** Writes a piece for ever, as fast as it is taken; counts what went out. */
function pour(socket: Socket, piece: Buffer, sent: { bytes: number }): void {
  const write = (): void => {
    while (!socket.destroyed) {
      sent.bytes += piece.length;
      if (!socket.write(piece)) break;
    }
  };
  socket.on('drain', write);
  write();
}

const MIB = 1_048_576;

/** An event or a line without an end: cut at `maxEventBytes` each time, and memory stays. */
async function endless(scene: Scene, first: string, piece: string) {
  const sent = { bytes: 0 };
  const cuts = scene.full ? 200 : 20;
  const upstream = await RawUpstream.listen(scene, (socket) => {
    socket.write(PLAIN + first);
    pour(socket, Buffer.from(piece), sent);
  });
  const on = await stage(scene, upstream.url, { ...QUICK, maxEventBytes: MIB, retainBytes: MIB });
  const before = process.memoryUsage().rss;
  await on.holds(() => upstream.times.length > cuts, `${cuts} cuts`, 50_000);
  const memoryBytes = Math.max(0, process.memoryUsage().rss - before);
  assert.equal(on.health.lastError?.code, 'SSE_GATEWAY_UPSTREAM_EVENT_TOO_LARGE');
  assert.equal(on.client.check?.events, 0);
  // The upstream's own buffers are in this process too.
  assert.ok(memoryBytes < 128 * MIB, `${memoryBytes} bytes more`);
  const outcome = await on.over(
    `${cuts} cuts after ${Math.round(sent.bytes / MIB)} MiB (memory limit 128 MiB)`,
  );
  return { ...outcome, memoryBytes };
}

/** An id that is larger than any header: delivered, never asked with, and no reason to be locked out. */
async function largeId(scene: Scene) {
  const id = 'i'.repeat(1_000_000);
  const upstream = await RawUpstream.listen(scene, (socket, nth) => {
    if (nth === 0) socket.end(`${PLAIN}id: ${id}\ndata: {"n":1}\n\n`);
    else socket.write(`${PLAIN}id: 2\ndata: {"n":2}\n\n`);
  });
  const on = await stage(scene, upstream.url, { ...QUICK, replay: true });
  await on.client.waitFor(({ check }) => check!.last === 2, 'the event behind the reconnect');
  assert.ok(!/last-event-id/i.test(upstream.requests[1]!), 'the id is not sent');
  assert.equal(await on.count('cursors_unsendable_total'), 1);
  assert.equal(on.client.check?.gaps, 1, 'what was not asked for is told');
  return on.over('1 MB id delivered, not asked with, told');
}

/** An answer that is refused as often as it comes; then a good one. */
async function refusedThenGood(scene: Scene, answer: Buffer, code: string) {
  let good = false;
  const upstream = await RawUpstream.listen(scene, (socket) =>
    good ? socket.write(`${PLAIN}data: {"n":1}\n\n`) : socket.end(answer),
  );
  const on = await stage(scene, upstream.url, QUICK);
  await neverOpens(on, code);
  assert.equal(await on.count('bytes_in_total'), 0, 'nothing of its body is taken');
  good = true;
  await on.client.waitFor(({ check }) => check!.events === 1, 'the event of a good answer');
  return on.over(code);
}

/** A redirect: where it leads nobody is asked, and the channel stops or tries again later. */
async function redirects(scene: Scene, location: (canary: number) => string, terminal: boolean) {
  const canary = await RawUpstream.listen(scene, (socket) => socket.end(`${PLAIN}data: {"n":1}\n\n`));
  const upstream = await RawUpstream.listen(scene, (socket) =>
    socket.end(`HTTP/1.1 302 Found\r\nLocation: ${location(canary.port)}\r\nContent-Length: 0\r\n\r\n`),
  );
  const on = await stage(scene, upstream.url, QUICK);
  if (terminal) {
    await on.holds(() => on.health.state === 'failed', 'failed');
    await on.client.waitForClose();
  } else {
    await neverOpens(on, 'UPSTREAM_REDIRECT');
  }
  assert.equal(on.health.lastError?.code, 'SSE_GATEWAY_UPSTREAM_REDIRECT');
  assert.deepEqual(canary.times, [], 'nobody is asked elsewhere');
  return on.over(on.health.lastError.message);
}

const row = (name: string, promise: string, run: Fault['run']): Fault => ({
  name: `upstream: ${name}`,
  promise,
  run,
});

const UNREACHABLE = 'asked again with growing delays, clients stay, neighbours notice nothing';
const NEVER = 'never accepted, not a byte of a request is sent, whatever NODE_TLS_REJECT_UNAUTHORIZED says';
const TOO_LARGE = 'cut at maxEventBytes, nothing of it reaches a client, memory stays';
const STAYS = 'nobody else is ever asked';

export const ANSWERS: readonly Fault[] = [
  row('its name does not resolve', UNREACHABLE, (scene) =>
    unreachable(scene, 'http://nobody.invalid/events', 'UPSTREAM_CONNECT'),
  ),
  row('refuses connections', UNREACHABLE, async (scene) =>
    unreachable(scene, `http://127.0.0.1:${await closedPort()}/events`, 'UPSTREAM_CONNECT'),
  ),
  row('an expired certificate', NEVER, (scene) => untrusted(scene, EXPIRED.cert, EXPIRED.key, EXPIRED.cert)),
  row('a certificate of another name', NEVER, (scene) =>
    untrusted(scene, WRONG_NAME.cert, WRONG_NAME.key, WRONG_NAME.cert),
  ),
  row('a self-signed certificate', NEVER, (scene) => untrusted(scene, CERTIFICATE, PRIVATE_KEY, undefined)),
  row('an endless line', TOO_LARGE, (scene) => endless(scene, 'data: ', 'x'.repeat(65_536))),
  row('endless data: lines', TOO_LARGE, (scene) => endless(scene, '', 'data: x\n'.repeat(8_192))),
  row('an endless comment', TOO_LARGE, (scene) => endless(scene, ':', 'x'.repeat(65_536))),
  row('an id of 1 MB', 'delivered as it is, never asked with, and the hole is told', largeId),
  row('a header of 100 KB', 'refused with what follows; a good answer later is taken', (scene) =>
    refusedThenGood(
      scene,
      Buffer.from(PLAIN.replace('\r\n\r\n', `\r\nX-Long: ${'x'.repeat(100_000)}\r\n\r\ndata: {"n":0}\n\n`)),
      'UPSTREAM_HEADERS_TOO_LARGE',
    ),
  ),
  row(
    'a gzip bomb that nobody asked for',
    'refused and never unpacked; a good answer later is taken',
    (scene) =>
      refusedThenGood(
        scene,
        Buffer.concat([
          Buffer.from(PLAIN.replace('\r\n\r\n', '\r\nContent-Encoding: gzip\r\n\r\n')),
          gzipSync(Buffer.alloc(16 * MIB)),
        ]),
        'UPSTREAM_CONTENT_ENCODING',
      ),
  ),
  row('redirects to another origin', STAYS, (scene) =>
    redirects(scene, (canary) => `http://localhost:${canary}/events`, true),
  ),
  row('redirects to a private address', STAYS, (scene) =>
    redirects(scene, (canary) => `http://127.0.0.1:${canary}/latest/meta-data`, true),
  ),
  row('redirects to a file: URL', STAYS, (scene) => redirects(scene, () => 'file:///etc/passwd', true)),
  row('redirects in a loop', STAYS, (scene) => redirects(scene, () => '/events?again', false)),
];
