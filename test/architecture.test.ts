/** The house has the shape that `src/index.ts` draws: every import goes the one way that is allowed. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** Who may import whom, by layer; a layer may always import itself. External packages are listed as `npm:name`. */
const LEAVES = ['options', 'errors', 'metrics', 'clock', 'logger', 'diagnostics'];
const SEAMS = ['source', 'sink', 'ingest', 'engine'];
const ALLOWED: Record<string, readonly string[]> = {
  sse: ['node:buffer'],
  log: ['node:buffer'],
  errors: [],
  clock: [],
  logger: [],
  options: ['errors', 'clock', 'npm:zod'],
  metrics: ['errors', 'ingest'],
  diagnostics: ['errors', 'ingest', 'node:diagnostics_channel'],
  source: ['errors'],
  sink: ['log'],
  ingest: ['sse', 'log', 'engine', 'source', 'node:buffer', 'node:zlib', ...LEAVES],
  engine: ['log', ...LEAVES],
  upstream: ['sse', 'log', 'npm:undici', 'node:*', ...SEAMS, ...LEAVES],
  downstream: ['sse', 'log', 'node:*', ...SEAMS, ...LEAVES],
  channel: ['sse', 'log', 'upstream', 'downstream', ...SEAMS, ...LEAVES],
  gateway: ['channel', 'sse', 'log', 'upstream', 'downstream', 'node:crypto', ...SEAMS, ...LEAVES],
  index: ['gateway', 'channel', 'sse', 'log', 'upstream', 'downstream', ...SEAMS, ...LEAVES],
  plugins: ['index', 'npm:*', 'node:*'],
  bin: ['plugins', 'index', 'demo', 'npm:*', 'node:*'],
  demo: ['clock', 'node:*'],
  // Load speaks HTTP to running processes; only the process that is the gateway under test may be made of it.
  load: ['npm:*', 'node:*'],
  'load/targets': ['load', 'plugins', 'npm:*', 'node:*'],
};

/** Single files of `src/` that belong to a layer of another name. */
const FILE_LAYER: Record<string, string> = {
  'ids.ts': 'ingest',
  'gap.ts': 'ingest',
  'gap-ids.ts': 'ingest',
  'repeats.ts': 'ingest',
  'decoder.ts': 'ingest',
  'continuity.ts': 'ingest',
  'resume.ts': 'ingest',
  'demand.ts': 'channel',
  'head-wait.ts': 'channel',
  'opening.ts': 'channel',
  'channel-status.ts': 'channel',
  'upstream-observer.ts': 'channel',
  'read-through.ts': 'channel',
  'read-throughs.ts': 'channel',
  'replay-allowance.ts': 'channel',
  'replay-places.ts': 'channel',
  'subscribers.ts': 'channel',
  'template.ts': 'gateway',
  'drain.ts': 'gateway',
  'families.ts': 'gateway',
  'admission.ts': 'gateway',
  'pressure.ts': 'gateway',
  'forwarding.ts': 'gateway',
  'rechecks.ts': 'gateway',
};

function layerOf(file: string): string {
  const [top, second = ''] = file.split('/');
  if (top === 'load' && second === 'targets') return 'load/targets';
  if (top !== 'src') return top!;
  return FILE_LAYER[second] ?? second.replace(/\.ts$/, '');
}

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

const FORMS = [
  /^[ \t]*(?:import|export)\b[^'"`;]*?\bfrom\s+'([^']+)'/gm,
  /^[ \t]*import\s+'([^']+)'/gm,
  /\bimport\(\s*'([^']+)'/g,
];

/** Specifiers of static, dynamic and type imports, and of re-exports. */
function imports(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '');
  return FORMS.flatMap((form) => [...code.matchAll(form)].map((match) => match[1]!));
}

function targetOf(file: string, specifier: string): string {
  if (specifier.startsWith('.')) {
    return layerOf(posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts'));
  }
  if (specifier.startsWith('node:')) return specifier;
  return `npm:${specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')}`;
}

function allowed(layer: string, target: string): boolean {
  const list = ALLOWED[layer];
  if (list === undefined) return false;
  return target === layer || list.includes(target) || list.includes(target.replace(/:.*/, ':*'));
}

function violations(files: readonly { file: string; text: string }[]): string[] {
  return files.flatMap(({ file, text }) =>
    imports(text)
      .map((specifier) => [specifier, targetOf(file, specifier)] as const)
      .filter(([, target]) => !allowed(layerOf(file), target))
      .map(([specifier]) => `${file} may not import ${specifier}`),
  );
}

// The micro-benchmarks call what they measure.
const LOAD = sources('load').filter((file) => !file.startsWith('load/bench/'));
const FILES = [...['src', 'plugins', 'bin', 'demo'].flatMap(sources), ...LOAD];
const TEXTS = FILES.map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }));

t.test('every import goes the way the design allows', async (t) => {
  t.ok(FILES.length > 40, `looked at ${FILES.length} files`);
  t.same(violations(TEXTS), []);
});

t.test('a forbidden import is found, in each form it can take', async (t) => {
  const forbidden: [file: string, text: string][] = [
    ['src/sse/parser.ts', "import { EventLog } from '../log/event-log.js';"],
    ['src/log/event-log.ts', "export { Parser } from '../sse/parser.js';"],
    ['src/upstream/http-source.ts', "import type { FanOut } from '../downstream/fan-out.js';"],
    ['src/downstream/fan-out.ts', "const x = await import('../upstream/index.js');"],
    ['src/sse/scan.ts', "import fs from 'node:fs';"],
    ['src/sse/scan.ts', "import 'node:fs';"],
    ['src/log/pool.ts', "import {\n  comment,\n  retryField,\n} from '../sse/control.js';"],
    ['src/log/pool.ts', "export type { Parser } from '../sse/parser.js';"],
    ['src/log/pool.ts', "export * from '../sse/parser.js';"],
    ['src/channel.ts', "import { Gateway } from './gateway.js';"],
    ['src/gateway.ts', "import fastify from 'fastify';"],
    ['plugins/plugin.ts', "import { Channel } from '../src/channel.js';"],
    ['src/new-thing.ts', "import { GatewayError } from './errors.js';"],
    ['load/measures/steady.ts', "import { EventLog } from '../../src/log/event-log.js';"],
    ['load/baselines/naive.ts', "import sseGateway from '../../plugins/plugin.js';"],
    ['load/targets/ours.ts', "import { Gateway } from '../../src/index.js';"],
  ];
  for (const [file, text] of forbidden) t.equal(violations([{ file, text }]).length, 1, `${file}: ${text}`);
});

t.test('what only looks like an import is none', async (t) => {
  const harmless = [
    "const A = Buffer.from('\\r\\n');",
    "/* import fs from 'node:fs' */",
    "export const B = Buffer.from('data');\nconst knots = far + from + 'here';",
  ];
  for (const text of harmless) t.same(violations([{ file: 'src/sse/scan.ts', text }]), [], text);
});

t.test('the word fastify does not occur in the library below the plugins', async (t) => {
  const named = TEXTS.filter(
    ({ file, text }) => file.startsWith('src/') && /fastify/i.test(text) && file !== 'src/index.ts',
  );
  t.same(
    named.map(({ file }) => file),
    [],
  );
});

t.test('every file says at its head what it owns', async (t) => {
  const silent = TEXTS.filter(({ text }) => !/^(?:#![^\n]*\n)?\/\*\*/.test(text));
  t.same(
    silent.map(({ file }) => file),
    [],
  );
});
