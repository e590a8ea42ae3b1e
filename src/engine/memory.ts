/** The engine of one process: what is appended is committed at once. It adds nothing and keeps nothing. */
import type { Clock } from '../clock.js';
import type { Batch } from '../log/batch.js';
import type { EventLog } from '../log/event-log.js';
import type { Engine } from './engine.js';

export function memoryEngine(log: EventLog, clock: Clock): Engine {
  return {
    append(batch: Batch, committed: () => void): void {
      log.append(batch, clock.now());
      committed();
    },
  };
}
