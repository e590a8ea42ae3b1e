import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { NodeProcess } from '../helpers/process.js';
import { freePort } from '../helpers/process.js';
import { ScriptedUpstream } from '../helpers/scripted-upstream.js';
import { SseClient } from '../helpers/sse-client.js';
import { until } from '../helpers/waits.js';
import { command, portOf } from './command.js';

async function upstreamFor(t: Test): Promise<ScriptedUpstream> {
  const upstream = await ScriptedUpstream.listen();
  t.teardown(() => upstream.close());
  return upstream;
}

function client(t: Test, options: ConstructorParameters<typeof SseClient>[0]): SseClient {
  const made = new SseClient(options);
  t.teardown(() => made.destroy());
  return made;
}

function configFile(t: Test, config: unknown): string {
  return join(t.testdir({ 'gateway.json': JSON.stringify(config) }), 'gateway.json');
}

/** Signals until it is gone: a second signal close behind the first counts as the same one. */
async function insist(child: NodeProcess): Promise<void> {
  await until(
    () => {
      child.kill();
      return child.exit !== undefined;
    },
    () => 'the process is still there',
  );
}

t.test('one upstream on the command line reaches a client of the channel', async (t) => {
  const upstream = await upstreamFor(t);
  const child = command(t, ['--upstream', upstream.url, '-H', 'Authorization: Bearer x', '--port', '0']);
  const port = await portOf(child);
  const reader = client(t, { port });
  await upstream.waitForConnections(1);
  t.equal(upstream.requests[0]!.headers.authorization, 'Bearer x');
  upstream.publishNumbered(3);
  await reader.waitFor(3);
  t.match(reader.data[2], /"n":3/);
  await child.waitForLine(/"urls":\["http:\/\/127\.0\.0\.1:\d+\/events\/events"\]/);
  t.same(child.stderr, []);
});

t.test('a channel that is named has its own path', async (t) => {
  const upstream = await upstreamFor(t);
  const args = ['-u', upstream.url, '-n', 'prices', '--replay', 'true', '-p', '0', '--log-level', 'info'];
  const port = await portOf(command(t, args));
  const reader = client(t, { port, path: '/events/prices' });
  t.equal((await reader.opened()).status, 200);
  const other = client(t, { port });
  t.equal((await other.opened()).status, 404);
});

t.test('a file says where to listen, the environment says it better, a flag best', async (t) => {
  const [inFile, inEnv, inFlag] = [await freePort(), await freePort(), await freePort()];
  const config = { channels: { own: {} }, listen: { port: inFile } };
  const file = configFile(t, config);
  const args = ['--config', file];
  t.equal(await portOf(command(t, args)), inFile);
  t.equal(await portOf(command(t, args, { PORT: String(inEnv) })), inEnv);
  t.equal(await portOf(command(t, [...args, '--port', String(inFlag)], { PORT: String(inEnv) })), inFlag);
});

t.test('a parameter may be as long as the gateway takes it', async (t) => {
  const upstream = await upstreamFor(t);
  const url = `http://127.0.0.1:${upstream.port}/:room`;
  const file = configFile(t, { channels: { 'rooms/:room': { url } }, listen: { port: 0 } });
  const port = await portOf(command(t, ['-c', file]));
  const room = encodeURIComponent('ü'.repeat(256));
  const reader = client(t, { port, path: `/events/rooms/${room}` });
  t.equal((await reader.opened()).status, 200);
  t.equal((await upstream.waitForRequests(1)).url, `/${room}`);
});

t.test('a fault in the options is one line that names file and path, with exit code 1', async (t) => {
  const file = configFile(t, { channels: { a: { heartbeat: 1 } } });
  const child = command(t, ['--config', file]);
  t.same(await child.waitForExit(), { code: 1, signal: null });
  t.equal(child.stderr.length, 1);
  t.match(child.stderr[0], `${file}: sse-gateway option channels.a.heartbeat: unknown option`);
  const flags = command(t, ['--upstream', 'nowhere']);
  t.same(await flags.waitForExit(), { code: 1, signal: null });
  t.match(flags.stderr, [/^sse-gateway option channels\.events\.url: /]);
  t.equal(flags.stderr.length, 1);
});

t.test('a port in use is one line, with exit code 1, also with an upstream that is open', async (t) => {
  const upstream = await upstreamFor(t);
  const file = configFile(t, {
    channels: { a: { url: upstream.url, always: true } },
    listen: { port: upstream.port },
    logLevel: 'silent',
  });
  const child = command(t, ['--config', file]);
  t.same(await child.waitForExit(), { code: 1, signal: null });
  t.same(child.stderr, [
    `sse-gateway: 127.0.0.1:${upstream.port} is in use; choose another with --port or PORT`,
  ]);
  const elsewhere = command(t, ['-c', file, '--host', '192.0.2.1']);
  t.same(await elsewhere.waitForExit(), { code: 1, signal: null });
  t.match(elsewhere.stderr, [/^sse-gateway: 192\.0\.2\.1:\d+ cannot be listened on \(EADDRNOTAVAIL\)$/]);
});

t.test('a connection that never asked for anything does not hold the exit up', async (t) => {
  const child = command(t, [
    '--config',
    configFile(t, { channels: { a: {} }, drainDelayMs: 0, listen: { port: 0 } }),
  ]);
  const socket = connect({ port: await portOf(child), host: '127.0.0.1' });
  t.teardown(() => socket.destroy());
  await once(socket, 'connect');
  child.kill('SIGTERM');
  t.same(await child.waitForExit(), { code: 0, signal: null });
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(
    `${signal} ends 20 clients at event boundaries, each with a retry, and exits with code 0`,
    async (t) => {
      const upstream = await upstreamFor(t);
      const file = configFile(t, {
        channels: { events: { url: upstream.url } },
        drainDelayMs: 0,
        listen: { port: 0 },
      });
      const child = command(t, ['--config', file]);
      const port = await portOf(child);
      const clients = Array.from({ length: 20 }, () => client(t, { port }));
      await Promise.all(clients.map((one) => one.opened()));
      await upstream.waitForConnections(1);
      upstream.start(200);
      await Promise.all(clients.map((one) => one.waitFor(5)));
      child.kill(signal);
      for (const one of clients) {
        t.match(await one.waitForClose(), { why: 'complete', atBoundary: true });
        t.match(one.body.subarray(-40).toString(), /\n\nretry: \d+\n\n$/);
      }
      t.same(await child.waitForExit(), { code: 0, signal: null });
      t.same(child.stderr, []);
    },
  );
}

t.test('a drain first fails readiness and serves on; a second signal ends it at once', async (t) => {
  const upstream = await upstreamFor(t);
  const child = command(t, ['--upstream', upstream.url, '--port', '0']);
  const port = await portOf(child);
  const reader = client(t, { port });
  await upstream.waitForConnections(1);
  child.kill();
  await child.waitForLine(/draining/);
  t.equal((await fetch(`http://127.0.0.1:${port}/health/ready`)).status, 503);
  upstream.publishNumbered(1);
  await reader.waitFor(1);
  t.equal(reader.ended, undefined);
  await insist(child);
  t.same(child.exit, { code: 143, signal: null });
});

t.test(
  'a second signal at the same moment is the same one, as npm passes on what the terminal sent',
  async (t) => {
    const file = configFile(t, { channels: { own: {} }, drainDelayMs: 300, listen: { port: 0 } });
    const child = command(t, ['--config', file]);
    await portOf(child);
    // Two of a kind could arrive as one.
    child.kill('SIGINT');
    child.kill('SIGTERM');
    t.same(await child.waitForExit(), { code: 0, signal: null });
  },
);
