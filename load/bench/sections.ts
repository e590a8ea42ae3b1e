/**
 * The parts of the benchmark, each measured in a process of its own, with the flags it needs: what one part has taught
 * the compiler, or left in the heap, is no matter of the next.
 */
import { allocationRows } from './allocation.js';
import { ingestRows } from './ingest.js';
import { logSpaceRows, logTimeRows } from './log.js';
import { parserRows } from './parser.js';
import type { Row } from './row.js';

export interface Section {
  readonly rows: (rounds: number, emit: (row: Row) => void) => void;
  readonly flags: readonly string[];
}

const HEAP = ['--expose-gc'];
/** MiB; a pass that allocates more than this would be collected while it is measured. */
const YOUNG = ['--min-semi-space-size=128', '--max-semi-space-size=128'];

export const SECTIONS: Readonly<Record<string, Section>> = {
  parser: { rows: parserRows, flags: [] },
  ingest: { rows: ingestRows, flags: [] },
  allocation: { rows: allocationRows, flags: [...HEAP, ...YOUNG] },
  log: { rows: logTimeRows, flags: [] },
  'log-space': { rows: logSpaceRows, flags: HEAP },
};
