/** What all readers of a run found, added up. */
import { Latencies, type LatencySummary } from './latencies.js';

/**
 * `missing`: events skipped; `repeated`: an ordinal that was passed already, be it a duplicate or one that comes late;
 * `corrupted`: bytes that nobody offered; `truncated`: a stream that ended within an event; `unverified`: a reader so
 * far behind that the reference was gone; `told`: the server announced a gap.
 */
export const FAULTS = ['missing', 'repeated', 'corrupted', 'truncated', 'unverified', 'told'] as const;
export type Fault = (typeof FAULTS)[number];

export interface FindingsReport {
  readonly delivered: number;
  /** Bytes of bodies, the transfer coding taken off. */
  readonly bytes: number;
  readonly faults: Readonly<Record<Fault, number>>;
  readonly latency: LatencySummary;
}

export class Findings {
  delivered = 0;
  bytes = 0;
  readonly faults: Record<Fault, number> = {
    missing: 0,
    repeated: 0,
    corrupted: 0,
    truncated: 0,
    unverified: 0,
    told: 0,
  };
  readonly latency = new Latencies();

  /** Counts from here; faults stay: a run with one is never clean again. */
  begin(): void {
    this.delivered = 0;
    this.bytes = 0;
    this.latency.clear();
  }

  report(): FindingsReport {
    const { delivered, bytes, faults, latency } = this;
    return { delivered, bytes, faults: { ...faults }, latency: latency.summary() };
  }
}
