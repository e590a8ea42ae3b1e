/** What is depended on is known, justified, and comes from the registry without running anything of its own. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly peer?: boolean;
  readonly hasInstallScript?: boolean;
}

type Named = Record<'dependencies' | 'devDependencies', Record<string, string>>;
const PACKAGE = JSON.parse(read('package.json')) as Named;
const { '': OWN, ...LOCKED } = (JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> })
  .packages;
const [installed = '', built = ''] = read('docs/dependencies.md').split('\n## What it is built');

/** The names in the first cells of a section's table, and those in the second ones. */
function cells(section: string, column: 1 | 2): string[] {
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return rows
    .flatMap((row) => [...row.split('|')[column]!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!))
    .sort();
}

const nameOf = (path: string): string =>
  path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
const entries = Object.entries(LOCKED);
const runtime = entries.filter(([, { dev, peer }]) => dev !== true && peer !== true);

t.test('every dependency has its reason in docs/dependencies.md, and nothing else does', async (t) => {
  t.same(cells(installed, 1), Object.keys(PACKAGE.dependencies).sort());
  t.same(cells(built, 1), Object.keys(PACKAGE.devDependencies).sort());
  t.same(
    [...cells(installed, 1), ...cells(installed, 2)].sort(),
    runtime.map(([path]) => nameOf(path)).sort(),
    'what they bring is told, too',
  );
});

t.test('nothing that is installed runs a script of its own', async (t) => {
  const scripted = entries.filter(([, { hasInstallScript }]) => hasInstallScript === true);
  t.same(
    scripted.map(([path]) => path),
    [],
  );
});

t.test(
  'the lock file is that of package.json, and each package in it is the registry’s, with its checksum',
  async (t) => {
    t.match(OWN, { dependencies: PACKAGE.dependencies, devDependencies: PACKAGE.devDependencies });
    t.ok(runtime.length > 0 && entries.length > runtime.length);
    const foreign = entries.filter(
      ([, { integrity, link, resolved = 'https://registry.npmjs.org/' }]) =>
        integrity?.startsWith('sha512-') !== true ||
        link === true ||
        !resolved.startsWith('https://registry.npmjs.org/'),
    );
    t.same(
      foreign.map(([path]) => path),
      [],
    );
  },
);

t.test('workflows use actions by their commit', async (t) => {
  const workflows = readdirSync(join(ROOT, '.github/workflows'));
  t.ok(workflows.includes('publish.yml'));
  for (const file of workflows) {
    const uses = [...read(`.github/workflows/${file}`).matchAll(/uses: (.*)/g)].map(([, action]) => action!);
    t.ok(uses.length > 0);
    for (const action of uses) t.match(action, /^[\w./-]+@[0-9a-f]{40} # v\d/, file);
  }
});
