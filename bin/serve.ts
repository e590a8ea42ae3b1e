/** `sse-gateway --upstream URL` and `--config FILE`: the plugin on a server of its own. */

import { chooseAddress } from './address.js';
import type { ServeInvocation, Upstream } from './args.js';
import { type Config, loadConfig, readConfig } from './config.js';
import { createServer, runServer } from './server.js';

/** @throws UsageError, CommandError, GatewayError; all of them before a client was served */
export async function serve(
  { from, listen: flags, logLevel }: ServeInvocation,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const config = typeof from === 'string' ? loadConfig(from) : configOf(from);
  const address = chooseAddress(flags, env, config.listen);
  const app = createServer(config.options, { level: logLevel ?? config.logLevel ?? 'info' });
  await runServer(app, address, (origin) => {
    const { events = {}, channels } = config.options;
    if (events === false) return;
    const urls = Object.keys(channels).map((name) => `${origin}${events.path ?? '/events'}/${name}`);
    app.log.info({ urls }, 'serving');
  });
  return 0;
}

function configOf({ url, channel, headers, replay }: Upstream): Config {
  return readConfig({ channels: { [channel]: { url, headers, replay } } });
}
