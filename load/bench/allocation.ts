/**
 * Heap bytes per event, from what the heap grows by while nothing is collected. Run with `--expose-gc` and a young
 * generation that a turn can't fill; a turn in which it was collected all the same throws.
 */
import * as generate from '../../test/fixtures/sse/generators.js';
import { KIB } from './cases.js';
import { CONTENDERS, ours, Tally } from './contenders.js';
import { ingestPipeline } from './pipeline.js';
import { type Row, row } from './row.js';
import { summary } from './stats.js';

const SECTION = 'heap bytes per event';
/** Bytes a turn may allocate: a part of the young generation. */
const TURN_BYTES = 48 * KIB * KIB;
const WARM_PASSES = 30;

/** Bytes of heap that each call of `pass` allocates, in several turns. */
function allocated(pass: () => void, rounds: number): number[] {
  const gc = globalThis.gc;
  if (gc === undefined) throw new Error('heap figures need --expose-gc');
  for (let n = 0; n < WARM_PASSES; n++) pass();
  gc();
  const grown = (passes: number): number => {
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < passes; n++) pass();
    return process.memoryUsage().heapUsed - before;
  };
  const passes = Math.max(1, Math.min(50, Math.floor(TURN_BYTES / Math.max(grown(1), 1))));
  return Array.from({ length: rounds }, () => {
    gc();
    // What a measurement itself allocates is taken off.
    const nothing = grown(0);
    const bytes = grown(passes) - nothing;
    if (bytes < 0) throw new Error('the heap was collected during a turn');
    return bytes / passes;
  });
}

export function allocationRows(rounds: number, emit: (row: Row) => void): void {
  const tokens = generate.tokens(16_000);
  const ticks = generate.ticks(32_000);
  const streams = [
    {
      name: 'tokens, chunks of 64 KiB',
      stream: tokens,
      size: 64 * KIB,
      bar: { must: 4, aim: 1, better: 'lower' },
    },
    {
      name: 'ticks, chunks of 64 KiB',
      stream: ticks,
      size: 64 * KIB,
      bar: { must: 4, aim: 1, better: 'lower' },
    },
    { name: 'ticks, one per chunk', stream: ticks, size: 58, bar: undefined },
  ] as const;
  for (const { name, stream, size, bar } of streams) {
    const parts = [...generate.chunks(stream.bytes, size)];
    const perEvent = (feed: (chunk: Buffer) => void) =>
      summary(
        allocated(() => {
          for (const part of parts) feed(part);
        }, rounds).map((bytes) => bytes / stream.events),
      );
    for (const contender of CONTENDERS) {
      const figure = perEvent(contender.start(new Tally()));
      emit(
        row(SECTION, `${contender.name}: ${name}`, 'B', figure, {
          bar: contender === ours ? bar : undefined,
        }),
      );
    }
    for (const ids of ['auto', 'gateway'] as const) {
      emit(row(SECTION, `into the log, ids: ${ids}: ${name}`, 'B', perEvent(ingestPipeline(ids).feed)));
    }
  }
}
