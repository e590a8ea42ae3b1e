/** The package's version. The nearest package.json of our name says it, from `dist/` as from any other build. */
import { existsSync, readFileSync } from 'node:fs';

const NAME = 'fastify-sse-gateway';

export function version(): string {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    const file = new URL('package.json', folder);
    if (existsSync(file)) {
      const found = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
      if (found.name === NAME && found.version !== undefined) return found.version;
    }
    if (folder.pathname === '/' || folder.href === new URL('..', folder).href) return 'unknown';
  }
}
