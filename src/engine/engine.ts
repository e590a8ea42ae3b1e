/**
 * The engine stands between ingest and log: only what it accepted is committed. Types only. One batch is under way at a
 * time; what arrives meanwhile is the next one.
 */
import type { Batch } from '../log/batch.js';

export interface Engine {
  /** Takes a batch and calls `committed` once, at once or later, when the log holds it. It stays as it is until then. */
  append(batch: Batch, committed: () => void): void;
}
