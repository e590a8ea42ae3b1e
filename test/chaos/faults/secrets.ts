/**
 * Secrets in every place where somebody may have put one, and everything that can go wrong with them near: whatever the
 * command prints, answers or exposes meanwhile is searched for each of them, in the forms that it could have.
 */
import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMAND, portOf } from '../../bin/command.js';
import { NodeProcess } from '../../helpers/process.js';
import { RawConnection } from '../../helpers/raw-http.js';
import { CERTIFICATE, PRIVATE_KEY } from '../../upstream/certificate.js';
import type { Fault, Scene } from '../fault.js';

/** By the place where each stands. */
const SECRETS = {
  userinfo: 'hush-userinfo-9f31',
  urlQuery: 'hush-urlquery-77aa',
  upstreamHeader: 'hush-header-c0de',
  authorization: 'hush-bearer-5151',
  cookie: 'hush-cookie-8d8d',
  clientQuery: 'hush-query-4e4e',
  location: 'hush-location-1b1b',
  healthBearer: 'hush-health-2c2c',
  metricsBearer: 'hush-metrics-3d3d',
} as const;

/** How an upstream fails, by the path that it is asked for. */
const FAULTS: Record<string, (response: ServerResponse) => void> = {
  denied: (response) => response.writeHead(401, { 'www-authenticate': 'Basic' }).end(),
  broken: (response) => response.writeHead(500).end(),
  gone: (response) => response.writeHead(204).end(),
  moved: (response) =>
    response
      .writeHead(302, { location: `http://u:${SECRETS.location}@127.0.0.1:9/?t=${SECRETS.location}` })
      .end(),
  nowhere: (response) => response.writeHead(302, { location: `http://[${SECRETS.location}` }).end(),
  text: (response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('no stream'),
  reset: (response) => response.socket?.resetAndDestroy(),
  torn: (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: x\n\ndata: y');
    setImmediate(() => response.destroy());
  },
  long: (response) =>
    response.writeHead(200, { 'x-long': 'x'.repeat(15_000), 'x-more': 'y'.repeat(5_000) }).end(),
  fine: (response) =>
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('id: 1\ndata: x\n\n'),
};

function configFile(scene: Scene, config: object): string {
  const folder = mkdtempSync(join(tmpdir(), 'sse-gateway-secrets-'));
  scene.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'gateway.json');
  writeFileSync(file, JSON.stringify(config));
  return file;
}

async function listen(scene: Scene, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  scene.teardown(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

/** The forms in which a secret could be told: as it is, and as bytes that JSON or base64 hold. */
function tells(text: string, secret: string): boolean {
  const bytes = [...Buffer.from(secret)].join(',');
  const base64 = [0, 1, 2].map((shift) =>
    // The middle of it, which doesn't depend on what stands beside.
    Buffer.from('x'.repeat(shift) + secret)
      .toString('base64')
      .slice(4, -4),
  );
  return [secret, bytes, ...base64].some((form) => text.includes(form));
}

export const SECRETS_FAULTS: readonly Fault[] = [
  {
    name: 'access: secrets while everything fails',
    promise: 'none is in a log line, an error, an answer, /health or /metrics',
    run: async (scene) => {
      const upstream = createServer((request, response) => {
        response.on('error', () => undefined);
        FAULTS[(request.url ?? '').split(/[/?]/)[1]!]?.(response);
      });
      upstream.on('connection', (socket) => scene.teardown(() => socket.destroy()));
      const port = await listen(scene, upstream);
      const tls = createTlsServer({ cert: CERTIFICATE, key: PRIVATE_KEY }, (_request, response) =>
        response.end(),
      );
      const tlsPort = await listen(scene, tls);
      const url = (scheme: string, at: string) =>
        `${scheme}://user:${SECRETS.userinfo}@${at}?token=${SECRETS.urlQuery}`;
      const headers = { 'x-api-key': SECRETS.upstreamHeader };
      const channels: Record<string, object> = {
        refused: { url: url('http', '127.0.0.1:9/'), headers },
        tls: { url: url('https', `127.0.0.1:${tlsPort}/`), headers },
        unknown: { url: url('http', 'no-such-host.invalid/'), headers },
        'rooms/:room': { url: url('http', `127.0.0.1:${port}/fine/:room`), headers },
        mine: { url: `http://127.0.0.1:${port}/denied`, forwardHeaders: ['authorization', 'cookie'] },
      };
      for (const name of Object.keys(FAULTS))
        channels[name] = { url: url('http', `127.0.0.1:${port}/${name}`), headers };
      const file = configFile(scene, {
        channels,
        defaults: { connectWaitMs: 500, backoffBaseMs: 100, backoffMaxMs: 200, heartbeatMs: 100 },
        health: { bearer: SECRETS.healthBearer },
        metrics: { bearer: SECRETS.metricsBearer },
        drainDelayMs: 0,
        drainMs: 0,
        listen: { port: 0 },
        logLevel: 'trace',
      });
      const child = new NodeProcess(COMMAND, {
        args: ['--config', file],
        env: { HOST: undefined, PORT: undefined, FORCE_COLOR: undefined },
      });
      scene.teardown(() => child.stop());
      const own = await portOf(child);

      const fields = [
        `Authorization: Bearer ${SECRETS.authorization}`,
        `Cookie: session=${SECRETS.cookie}`,
        'Connection: close',
      ];
      const query = `?access_token=${SECRETS.clientQuery}&lastEventId=5`;
      const paths = [
        ...Object.keys(channels).map((name) => `/events/${name.replace(':room', 'attic')}`),
        ...['/events/rooms/%2e%2e', '/events/rooms/a%00b', '/events/none', '/none', '/events/mine'],
        ...['/health', '/metrics', '/health/ready'],
      ];
      const answers: string[] = [];
      const ask = async (head: string) => {
        const raw = new RawConnection(own, head);
        scene.teardown(() => raw.destroy());
        await Promise.any([raw.waitFor('retry:'), raw.waitForClose()]);
        assert.match(raw.text, /^HTTP\/1\.1 /, head.slice(0, 100));
        answers.push(raw.text);
        raw.destroy();
      };
      await Promise.all(
        paths.flatMap((path) =>
          ['GET', 'POST'].map((method) =>
            ask([`${method} ${path}${query} HTTP/1.1`, 'Host: a', ...fields, '', ''].join('\r\n')),
          ),
        ),
      );
      // What no parser takes, with the same in it.
      await ask(`GET /a b${query} HTTP/1.1\r\nHost: a\r\n${fields[0]}\r\n\r\n`);
      await ask(
        `GET /events/fine${query} HTTP/1.1\r\nHost: a\r\n${fields[0]}\r\nBad\0Name: ${SECRETS.cookie}\r\n\r\n`,
      );
      await ask(`GET /events/fine${query} HTTP/1.1\r\n${fields[0]}\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`);
      const badUrl = `GET /events/rooms/%zz HTTP/1.1\r\nHost: a\r\n${fields.join('\r\n')}\r\n\r\n`;
      await ask(badUrl);
      await ask(badUrl.replace('%zz', `%zz${query}`));

      const read = async (path: string, bearer: string): Promise<void> => {
        const response = await fetch(`http://127.0.0.1:${own}${path}`, {
          headers: { authorization: `Bearer ${bearer}` },
        });
        assert.equal(response.status, 200);
        answers.push(await response.text());
      };
      await read('/metrics', SECRETS.metricsBearer);
      for (const path of ['/health', ...Object.keys(channels).map((name) => `/health?details=${name}`)])
        await read(path, SECRETS.healthBearer);
      child.kill('SIGTERM');
      assert.equal((await child.waitForExit()).code, 0);

      const lines = [...child.stdout, ...child.stderr];
      for (const [place, secret] of Object.entries(SECRETS)) {
        for (const text of [...lines, ...answers])
          assert.ok(!tells(text, secret), `the secret of ${place} is in ${text.slice(0, 2_000)}`);
      }
      for (const fault of ['CONNECT', 'STATUS', 'REDIRECT', 'NETWORK', 'CONTENT_TYPE', 'NO_CONTENT'])
        assert.ok(
          lines.some((line) => line.includes(`UPSTREAM_${fault}`)),
          `${fault} was among the faults`,
        );
      return {
        seen: `${Object.keys(SECRETS).length} secrets, ${lines.length} log lines, ${answers.length} answers: none found`,
      };
    },
  },
];
