import { fileURLToPath } from 'node:url';
import t from 'tap';
import { buildApp } from '../../examples/basic.js';
import { NodeProcess } from '../helpers/process.js';
import { ScriptedUpstream } from '../helpers/scripted-upstream.js';
import { run } from './stage.js';

t.test('it serves the upstream, and what is posted', async (t) => {
  const upstream = await ScriptedUpstream.listen();
  t.teardown(() => upstream.close());
  const { client, post } = await run(t, await buildApp(upstream.url));
  const prices = client({ path: '/events/prices' });
  const notices = client({ path: '/events/notices' });
  await Promise.all([prices.opened(), notices.opened()]);
  await upstream.waitForConnections(1);
  upstream.publishNumbered(3);
  t.equal((await post('/notices', 'we are open')).status, 202);
  await Promise.all([prices.waitFor(3), notices.waitFor(1)]);
  t.match(notices.events, [{ type: 'notice', data: 'we are open' }]);
});

t.test('run as a program, it listens, and leaves when it is asked to', async (t) => {
  const program = fileURLToPath(new URL('../../examples/basic.js', import.meta.url));
  const process = new NodeProcess(program, { args: ['http://127.0.0.1:9/'], env: { PORT: '0' } });
  t.teardown(() => process.stop());
  const [, origin] = await process.waitForLine(/Server listening at (http:\/\/[^"]+)/);
  t.equal((await fetch(`${origin}/health/live`)).status, 200);
  process.kill('SIGTERM');
  t.strictSame(await process.waitForExit(), { code: 0, signal: null });
});
