/** `sse-gateway demo`: an upstream that keeps breaking, the gateway in front of it, and the page that shows both. */
import { page, pageCsp, startDemoUpstream } from '../demo/index.js';
import { chooseAddress } from './address.js';
import type { DemoInvocation } from './args.js';
import { readableLine } from './logs.js';
import { createServer, runServer } from './server.js';
import { paintFor } from './terminal.js';

/** So short that a watcher who closes the page sees the upstream rest, and long enough for a reload. */
const LINGER_MS = 5_000;

/** @throws UsageError, CommandError; all of them before a client was served */
export async function demo(
  { listen: flags, logLevel = 'warn' }: DemoInvocation,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const address = chooseAddress(flags, env);
  const upstream = await startDemoUpstream();
  const options = { channels: { demo: { url: upstream.url, replay: true, lingerMs: LINGER_MS } } };
  const stream = { write: (line: string) => void process.stdout.write(readableLine(line)) };
  const app = createServer(options, { level: logLevel, stream });
  app.get('/', async (_request, reply) =>
    reply
      .headers({
        'content-security-policy': pageCsp,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
      })
      .type('text/html; charset=utf-8')
      .send(page),
  );
  app.post('/demo/cut', async (_request, reply) => {
    upstream.cut();
    return reply.code(204).send();
  });
  app.addHook('onClose', () => upstream.close());

  await runServer(app, address, (origin) => void process.stdout.write(banner(origin)));
  return 0;
}

function banner(origin: string): string {
  const paint = paintFor(process.stdout);
  const lines: [what: string, how: string][] = [
    ['page', `${origin}/`],
    ['events', `curl -N ${origin}/events/demo`],
    ['resume', `curl -N -H 'Last-Event-ID: <an id you saw>' ${origin}/events/demo`],
    ['health', `curl ${origin}/health`],
    ['metrics', `curl ${origin}/metrics`],
    ['cut', `curl -X POST ${origin}/demo/cut`],
  ];
  const list = lines
    .map(([what, how]) => `  ${paint('dim', what.padEnd(9))} ${paint('cyan', how)}\n`)
    .join('');
  return `\n${paint('bold', 'sse-gateway demo')}: an upstream that keeps breaking, and clients that don't notice\n\n${list}\nCtrl-C stops it.\n\n`;
}
