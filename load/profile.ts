/**
 * The command behind `npm run load:profile`: CPU profiles of the gateway, of the naive baseline and of a bare `net` server
 * under the same loads, as flame graphs in docs/performance/ and as a marked table in docs/performance.md.
 *
 *     node build/load/profile.js
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Profiler } from 'node:inspector';
import { join } from 'node:path';
import type { Offer } from './processes/upstream.js';
import { fillBlocks } from './report/blocks.js';
import { flameGraph, sharesOf } from './report/flame.js';
import { Stage } from './stage.js';

const FOLDER = join('docs', 'performance');
const CLIENTS = 1_000;
const LOADS: Readonly<Record<string, Offer & { readonly writes: number }>> = {
  '100 events per second': { rate: 100, writes: 500 },
  '16 events per write': { rate: 50, perWrite: 16, writes: 250 },
};

const DOCUMENT = join('docs', 'performance.md');
const rows = [
  '| profile | kernel and engine | Node.js | packages | own code | main thread, µs per delivery |',
  '| --- | --- | --- | --- | --- | --- |',
];

mkdirSync(FOLDER, { recursive: true });
for (const target of ['net', 'naive', 'ours']) {
  for (const [load, offer] of Object.entries(LOADS)) {
    const profile = await Stage.with(target, async (stage) => {
      await stage.enter(CLIENTS);
      await stage.deliver({ ...offer, writes: 100 });
      await stage.client.ask('begin');
      await stage.server.ask('beginProfile');
      await stage.deliver(offer);
      return stage.server.ask<Profiler.Profile>('endProfile');
    });
    const { native, node, gateway, package: packages } = sharesOf(profile);
    const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
    const name = `flame-${target}-${load.replaceAll(' ', '-')}`;
    const perDelivery = busyMicros(profile) / (CLIENTS * offer.writes * (offer.perWrite ?? 1));
    rows.push(
      `| [${target}, ${load}](performance/${name}.svg) | ${[native, node, packages, gateway].map(percent).join(' | ')} | ${perDelivery.toFixed(2)} |`,
    );
    const file = join(FOLDER, `${name}.svg`);
    writeFileSync(file, flameGraph(`${target}: ${CLIENTS} clients, ${load}`, profile));
    console.log(file);
  }
}
writeFileSync(DOCUMENT, fillBlocks(readFileSync(DOCUMENT, 'utf8'), { profile: rows.join('\n') }));

function busyMicros({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): number {
  const idle = new Set(
    nodes.flatMap(({ id, callFrame }) => (callFrame.functionName === '(idle)' ? [id] : [])),
  );
  return samples.reduce((sum, id, i) => sum + (idle.has(id) ? 0 : (timeDeltas[i] ?? 0)), 0);
}
