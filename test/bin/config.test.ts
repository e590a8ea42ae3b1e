import { join } from 'node:path';
import t from 'tap';
import { loadConfig, readConfig } from '../../bin/config.js';

const CHANNELS = { prices: { url: 'http://up/' } };

t.test('a file holds the options of the plugin, where to listen and the log level', async (t) => {
  const input = {
    channels: CHANNELS,
    events: { path: '/streams' },
    listen: { host: '0.0.0.0', port: 80 },
    logLevel: 'warn',
  };
  const config = readConfig(input);
  t.same(config.listen, { host: '0.0.0.0', port: 80 });
  t.equal(config.logLevel, 'warn');
  t.same(config.options, { channels: CHANNELS, events: { path: '/streams' }, drainDelayMs: 5_000 });
  t.equal(config.resolved.channels['prices']!.heartbeatMs, 15_000);
});

t.test('the command waits 5 s in front of a drain unless the file says otherwise', async (t) => {
  t.equal(readConfig({ channels: CHANNELS }).resolved.drainDelayMs, 5_000);
  t.equal(readConfig({ channels: CHANNELS, drainDelayMs: 0 }).resolved.drainDelayMs, 0);
});

t.test('an error names the path of the option', async (t) => {
  const wrong: [input: unknown, message: RegExp][] = [
    [[], /option \(root\): expected an object/],
    [{}, /option channels: /],
    [{ channels: { a: { heartbeat: 1 } } }, /option channels\.a\.heartbeat: unknown option/],
    [{ channels: { a: { url: 'up' } } }, /option channels\.a\.url: /],
    [{ channels: CHANNELS, listne: {} }, /option listne: unknown option/],
    [{ channels: CHANNELS, listen: 3000 }, /option listen: expected an object/],
    [{ channels: CHANNELS, listen: { prot: 1 } }, /option listen\.prot: unknown option/],
    [{ channels: CHANNELS, listen: { port: '80' } }, /option listen\.port: expected a port.*got "80"/],
    [{ channels: CHANNELS, listen: { port: 65_536 } }, /option listen\.port: /],
    [{ channels: CHANNELS, listen: { host: 1 } }, /option listen\.host: /],
    [{ channels: CHANNELS, logLevel: 'loud' }, /option logLevel: expected one of .*got "loud"/],
    [{ channels: CHANNELS, events: { path: 'x' } }, /option events\.path: /],
    [{ channels: CHANNELS, metrics: { registry: {} } }, /option metrics\.registry: unknown option/],
    [{ channels: CHANNELS, onStream: 'x' }, /option onStream: unknown option/],
    [{ channels: CHANNELS, prefix: '/v1' }, /option prefix: unknown option/],
  ];
  for (const [input, message] of wrong) {
    t.throws(() => readConfig(input), { code: 'SSE_GATEWAY_OPTION_INVALID', message }, String(message));
  }
});

t.test('a file that cannot be used is named', async (t) => {
  const folder = t.testdir({ 'broken.json': '{"channels":', 'wrong.json': '{"channels":{}}' });
  const named = (name: string, what: RegExp) =>
    t.throws(() => loadConfig(join(folder, name)), {
      name: 'CommandError',
      message: new RegExp(`${name}: ${what.source}`),
    });
  named('missing.json', /cannot be read \(ENOENT\)/);
  named('broken.json', /no JSON: /);
  named('wrong.json', /sse-gateway option channels: /);
});
