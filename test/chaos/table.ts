/** Rows as the one table that `npm run chaos` prints. */
import type { Row } from './perform.js';

const HEAD = ['fault', 'promise', 'runs', 'lost', 'duplicated', 'announced', 'memory', 'verdict'];

/** In Markdown, with a line behind the table for each row that is not kept, and for what was seen. */
export function table(rows: readonly Row[]): string {
  const lines = [HEAD, HEAD.map(() => '---'), ...rows.map(cells)].map((line) => `| ${line.join(' | ')} |`);
  const seen = rows.filter(({ outcome }) => outcome.seen !== undefined);
  const notes = seen.map(({ name, outcome }) => `${name}: ${outcome.seen}`);
  const failed = rows.filter(({ verdict }) => verdict !== 'kept').map(({ name, why }) => `${name}: ${why}`);
  return [...lines, '', ...notes, ...failed].join('\n');
}

function cells({ name, promise, runs, outcome, verdict }: Row): string[] {
  const { lost, duplicated, announced, memoryBytes } = outcome;
  const figures = [lost, duplicated, announced].map((figure) => figure?.toLocaleString('en') ?? '');
  const memory = memoryBytes === undefined ? '' : `${(memoryBytes / 1_048_576).toFixed(1)} MiB`;
  return [name, promise, String(runs), ...figures, memory, verdict].map((cell) =>
    cell.replaceAll('|', '\\|'),
  );
}
