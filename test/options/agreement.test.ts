/** Three places speak of the options: the types, the table in force, the README. They say the same. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { CHANNEL_SCHEMA, DEFAULTS_SCHEMA, GATEWAY_SCHEMA } from '../../src/options/schema.js';
import { resolveOptions } from '../../src/options.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const TYPES = readFileSync(join(ROOT, 'src/options/types.ts'), 'utf8');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
/** Options of the plugin, which the library below it doesn't know. */
const PLUGIN = [
  ...['events', 'health', 'metrics', 'detachStreams', 'onStream'],
  ...['allowedOrigins', 'expiresAt', 'reauthorize', 'reauthMs', 'reauthTimeoutMs'],
];

const names = (schema: { shape: object }): string[] => Object.keys(schema.shape).sort();

function membersOf(type: string): string[] {
  const body = new RegExp(`interface ${type}\\b[^{]*\\{\\n([\\s\\S]*?)\\n\\}`).exec(TYPES)![1]!;
  return [...body.matchAll(/^ {2}(\w+)\??:/gm)].map((match) => match[1]!).sort();
}

/** Name and default of each row of a table of options. */
function rows(section: string): Map<string, string> {
  const cells = [...section.matchAll(/^\| `(\w+)` \| ([^|]*) \|/gm)];
  return new Map(cells.map(([, name, value]) => [name!, value!.trim().replaceAll('`', '')]));
}

const [, options = ''] = README.split('\n## Options\n');
const [gatewayPart = '', channelPart = ''] = options.split('\n## ')[0]!.split('\nPer channel');
const gatewayRows = rows(gatewayPart);
const channelRows = rows(channelPart);

t.test('types, table and README name the same options', async (t) => {
  t.same(membersOf('ChannelDefaults'), names(DEFAULTS_SCHEMA));
  t.same([...membersOf('ChannelDefaults'), ...membersOf('ChannelOptions')].sort(), names(CHANNEL_SCHEMA));
  t.same(membersOf('GatewayOptions'), names(GATEWAY_SCHEMA));
  t.same([...channelRows.keys()].sort(), names(CHANNEL_SCHEMA));
  t.same([...gatewayRows.keys()].sort(), [...names(GATEWAY_SCHEMA), ...PLUGIN].sort());
});

t.test('the defaults in the README are those in force', async (t) => {
  const { channels, ...gateway } = resolveOptions({ channels: { a: {} } });
  const inForce: Record<string, unknown> = { ...gateway, ...channels['a'] };
  let compared = 0;
  for (const [name, said] of [...gatewayRows, ...channelRows]) {
    const value = inForce[name];
    if (!['number', 'string', 'boolean'].includes(typeof value)) continue;
    t.equal(said.replace(/ \(command:.*\)$/, ''), String(value), name);
    compared += 1;
  }
  t.ok(compared > 35, `${compared} compared`);
});

t.test('the defaults in the words of the types are those in force', async (t) => {
  const { channels, ...gateway } = resolveOptions({ channels: { a: {} } });
  const inForce: Record<string, unknown> = { ...gateway, ...channels['a'] };
  const UNITS: Record<string, number> = { KiB: 1_024, MiB: 1_048_576 };
  let compared = 0;
  for (const [, words, members] of TYPES.matchAll(/\/\*\* (.*) \*\/\n((?: {2}\w+\??: .*;\n)+)/g)) {
    const said = /Default:? (.*?)\.?(?: \(|: |$)/.exec(words!.replaceAll('`', ''))?.[1];
    if (said === undefined) continue;
    const values = said.split(/ and |, (?!000)/).map((text) => {
      const [, figure, unit] = /^([\d,]+)(?: (\w+))?$/.exec(text.replace(/\.$/, '')) ?? [];
      return figure === undefined
        ? text.replace(/\.$/, '')
        : String(Number(figure.replaceAll(',', '')) * (UNITS[unit!] ?? 1));
    });
    const fields = [...members!.matchAll(/^ {2}(\w+)/gm)].map((match) => match[1]!);
    for (const [i, field] of fields.entries()) {
      if (!['number', 'string', 'boolean'].includes(typeof inForce[field])) continue;
      t.equal(values[i], String(inForce[field]), field);
      compared += 1;
    }
  }
  t.ok(compared > 35, `${compared} compared`);
});

t.test('every option with a time or a size says its unit', async (t) => {
  const figures = Object.entries(resolveOptions({ channels: { a: {} } }).channels['a']!)
    .filter(([, value]) => typeof value === 'number')
    .map(([name]) => name);
  const counts = ['retainEvents', 'maxAttempts', 'maxRedirects', 'maxSubscribers', 'maxChannels'];
  t.same(
    figures.filter((name) => !/(?:Ms|Bytes)$/.test(name) && !counts.includes(name)),
    [],
  );
});
