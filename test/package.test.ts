/** What is published can be used: the packed files, from ES modules and from CommonJS, with types for both. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';

const run = promisify(execFile);
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');

const USE = `
const app = Fastify();
await app.register(sseGateway, { channels: { news: {} }, metrics: false });
await app.ready();
app.sseGateway.publish('news', { data: 'hello' });
if (app.sseGateway.stats().channels.news.log.events !== 1) throw new Error('nothing was published');
try { app.sseGateway.publish('nope', { data: '' }); throw new Error('published to nobody'); }
catch (error) { if (!(error instanceof GatewayError) || error.code !== 'SSE_GATEWAY_CHANNEL_UNKNOWN') throw error; }
await app.close();
console.log('works');
`;

const TYPES = `
import Fastify from 'fastify';
import sseGateway, { type SseGatewayOptions, type StreamInfo, GatewayError } from 'fastify-sse-gateway';
import { Gateway } from 'fastify-sse-gateway/gateway';
const options: SseGatewayOptions = {
  channels: { prices: { url: 'http://127.0.0.1/', heartbeatMs: 5_000 } },
  onStream: (_request, info: StreamInfo) => void info.reason,
};
const app = Fastify();
app.register(sseGateway, options);
app.register(sseGateway, { prefix: '/v1', channels: { own: {} } });
app.get('/own', (request, reply) => app.sseGateway.subscribe(request, reply, 'prices'));
// @ts-expect-error a channel has no such option
app.register(sseGateway, { channels: { prices: { heartbeat: 1 } } });
export const known: boolean = new GatewayError('CHANNEL_UNKNOWN', '').code === 'SSE_GATEWAY_CHANNEL_UNKNOWN';
export const gateway = new Gateway({ channels: { own: {} } });
`;

t.test('the packed package works from ES modules, CommonJS and TypeScript', async (t) => {
  const parent = join(ROOT, 'build/package');
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, 'user-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'node_modules'));
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: ROOT,
  });
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  await run('tar', ['-xzf', join(folder, packed.filename), '-C', folder]);
  await rename(join(folder, 'package'), join(folder, 'node_modules/fastify-sse-gateway'));

  const stray = packed.files.filter(
    ({ path }) =>
      !/^(dist\/|docs\/[a-z]+\.md$|examples\/|package\.json|README|CHANGELOG|SECURITY|LICENSE)/.test(path),
  );
  t.same(stray, [], 'nothing but the build and its papers is packed');
  t.ok((await readdir(join(folder, 'node_modules/fastify-sse-gateway/dist'))).includes('cjs'));

  const heads = {
    'use.mjs':
      "import Fastify from 'fastify'; import sseGateway, { GatewayError } from 'fastify-sse-gateway';",
    'use.cjs':
      "const Fastify = require('fastify'); const sseGateway = require('fastify-sse-gateway'); const { GatewayError } = sseGateway;",
  };
  for (const [file, head] of Object.entries(heads)) {
    const body = file.endsWith('.cjs') ? `(async () => {${USE}})();` : USE;
    await writeFile(join(folder, file), `${head}\n${body}`);
    const result = await run(process.execPath, [join(folder, file)], { cwd: folder });
    t.equal(result.stdout, 'works\n', file);
  }

  for (const file of ['types.mts', 'types.cts']) await writeFile(join(folder, file), TYPES);
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const flags = [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--types',
    'node',
  ];
  const compiled = await run(process.execPath, [tsc, ...flags, 'types.mts', 'types.cts'], {
    cwd: folder,
  }).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );
  t.equal(compiled, '', 'types.mts and types.cts compile');
});
