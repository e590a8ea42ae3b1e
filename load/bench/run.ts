/**
 * The micro-benchmarks of parser, ingest and log. A minute or two; ratios hold from machine to machine, absolute figures
 * do not. Ends with status 1 when a figure is below its bar.
 *
 *     npm run bench -- [--json] [--rounds N] [--only SECTION]
 */
import { spawn } from 'node:child_process';
import { cpus } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Row } from './row.js';
import { SECTIONS } from './sections.js';
import { table } from './table.js';

const SECTION_PROGRAM = fileURLToPath(new URL('./section.js', import.meta.url));

async function measure(name: string, rounds: string): Promise<Row[]> {
  const child = spawn(process.execPath, [...SECTIONS[name]!.flags, SECTION_PROGRAM, name, rounds], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve, reject) =>
    child.on('error', reject).on('close', resolve),
  );
  const rows: Row[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    rows.push(JSON.parse(line) as Row);
    if (process.stderr.isTTY) process.stderr.write(`\r${name}: ${rows.length} figures`);
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  if ((await ended) !== 0) throw new Error(`section ${name} failed`);
  return rows;
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '7' },
    only: { type: 'string', multiple: true, default: Object.keys(SECTIONS) },
  },
});
const unknown = values.only.filter((name) => !(name in SECTIONS));
if (unknown.length > 0)
  throw new Error(`--only takes ${Object.keys(SECTIONS).join(', ')}, not ${unknown.join(', ')}`);

const rows: Row[] = [];
for (const name of values.only) rows.push(...(await measure(name, values.rounds)));
const about = {
  date: new Date().toISOString(),
  node: process.version,
  cpu: cpus()[0]?.model,
  rounds: Number(values.rounds),
};
if (values.json) console.log(JSON.stringify({ ...about, rows }, undefined, 2));
else console.log(`node ${about.node}, ${about.cpu}, medians of ${about.rounds} rounds\n\n${table(rows)}`);
if (rows.some((row) => row.verdict === 'below')) process.exitCode = 1;
