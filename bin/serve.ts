/** `sse-gateway --upstream URL` and `--config FILE`: the plugin on a server of its own. */
import type { ServeInvocation, Upstream } from './args.js';
import { chooseAddress } from './address.js';
import { type Config, loadConfig, readConfig } from './config.js';
import { createServer, listen, untilStopped } from './server.js';

/** @throws UsageError, CommandError, GatewayError; all of them before a client was served */
export async function serve(
  { from, listen: flags, logLevel }: ServeInvocation,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const config = typeof from === 'string' ? loadConfig(from) : configOf(from);
  const address = chooseAddress(flags, env, config.listen);
  const app = createServer(config.options, { level: logLevel ?? config.logLevel ?? 'info' });
  const origin = await listen(app, address);
  const { events = {} } = config.options;
  if (events !== false) {
    const urls = Object.keys(config.options.channels).map(
      (name) => `${origin}${events.path ?? '/events'}/${name}`,
    );
    app.log.info({ urls }, 'serving');
  }
  await untilStopped(app);
  return 0;
}

function configOf({ url, channel, headers, replay }: Upstream): Config {
  return readConfig({ channels: { [channel]: { url, headers, replay } } });
}
