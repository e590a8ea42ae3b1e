/**
 * The command behind `npm run load:profile`: CPU profiles of the gateway and of the naive baseline under the same load, as
 * flame graphs in docs/performance/.
 *
 *     node build/load/profile.js
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Profiler } from 'node:inspector';
import { join } from 'node:path';
import type { Offer } from './processes/upstream.js';
import { flameGraph } from './report/flame.js';
import { Stage } from './stage.js';

const FOLDER = join('docs', 'performance');
const CLIENTS = 1_000;
const LOADS: Readonly<Record<string, Offer & { readonly writes: number }>> = {
  '100 events per second': { rate: 100, writes: 500 },
  '16 events per write': { rate: 50, perWrite: 16, writes: 250 },
};

mkdirSync(FOLDER, { recursive: true });
for (const target of ['naive', 'ours']) {
  for (const [load, offer] of Object.entries(LOADS)) {
    const profile = await Stage.with(target, async (stage) => {
      await stage.enter(CLIENTS);
      await stage.deliver({ ...offer, writes: 100 });
      await stage.client.ask('begin');
      await stage.server.ask('beginProfile');
      await stage.deliver(offer);
      return stage.server.ask<Profiler.Profile>('endProfile');
    });
    const file = join(FOLDER, `flame-${target}-${load.replaceAll(' ', '-')}.svg`);
    writeFileSync(file, flameGraph(`${target}: ${CLIENTS} clients, ${load}`, profile));
    console.log(file);
  }
}
