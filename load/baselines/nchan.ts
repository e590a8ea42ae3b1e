/**
 * nginx with nchan, and the companion that publishes to it what the upstream says: one POST per event over one connection,
 * so that the order is kept. Only nginx's worker is measured. It writes its own configuration into a temporary folder;
 * the system's nginx stays alone.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ServerArguments, serving, startArguments } from '../processes/answering.js';
import { readWithFetch } from './fetch-upstream.js';

const MODULE = '/usr/lib/nginx/modules/ngx_nchan_module.so';
const SERVER_CORE = '0';
const START_MS = 5_000;

const configuration = (port: number): string => `
load_module ${MODULE};
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid nginx.pid;
error_log stderr error;
events { worker_connections 19000; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  tcp_nodelay on;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /publish {
      nchan_publisher http;
      nchan_channel_id load;
      nchan_message_buffer_length 10000;
      nchan_message_timeout 5m;
      keepalive_requests 10000000;
    }
    location = /stream {
      nchan_subscriber eventsource;
      nchan_channel_id load;
      nchan_subscriber_first_message newest;
    }
  }
}
`;

const { upstream } = startArguments<ServerArguments>();
const folder = mkdtempSync(join(tmpdir(), 'load-nchan-'));
const port = await freePort();
writeFileSync(join(folder, 'nginx.conf'), configuration(port));
const nginx = spawn(
  'taskset',
  ['-c', SERVER_CORE, 'nginx', '-p', folder, '-c', 'nginx.conf', '-e', 'stderr'],
  {
    stdio: ['ignore', 'inherit', 'inherit'],
  },
);
process.once('SIGTERM', () => process.exit(0));
process.once('exit', () => {
  nginx.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});
nginx.once('exit', () => process.exit(1));

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
await listening();
const worker = await workerOf(nginx.pid!);
void readWithFetch(upstream, ({ data }) => publish(data));
serving(port, '/stream', [worker]);

function publish(body: string): void {
  request({ agent, port, host: '127.0.0.1', path: '/publish', method: 'POST' }, (response) =>
    response.resume(),
  )
    .on('error', () => process.exit(1))
    .end(body);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: free } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return free;
}

/** @throws Error when the master has none in time */
async function workerOf(master: number): Promise<number> {
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline) {
    const children = readFileSync(`/proc/${master}/task/${master}/children`, 'latin1').trim();
    if (children !== '') return Number(children.split(' ')[0]);
    await sleep(20);
  }
  throw new Error('nginx has no worker');
}

/** @throws Error when nginx does not answer in time */
async function listening(): Promise<void> {
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
        .once('connect', () => resolve(true))
        .once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await sleep(50);
  }
  throw new Error('nginx does not answer');
}
