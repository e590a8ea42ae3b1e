/**
 * The checking client, a process of its own. With `nap` it looks at its sockets once per so many milliseconds instead of
 * whenever one has bytes: fewer and larger reads, at the price of that much added latency, so that one core can check
 * millions of events per second.
 */

import type { Role } from '../checking/connection.js';
import { Crowd, type CrowdReport, type Enter } from '../checking/crowd.js';
import { answering } from './answering.js';

export interface ClientReport extends CrowdReport {
  /** Share of a core since `begin`. */
  readonly busy: number;
  readonly seconds: number;
}

const POLL_MS = 2;

const crowd = new Crowd();
let napMs = 0;
let begunAt = performance.now();
let used = process.cpuUsage();

const SLEEP = new Int32Array(new SharedArrayBuffer(4));
function nap(): void {
  if (napMs === 0) return;
  Atomics.wait(SLEEP, 0, 0, napMs);
  setImmediate(nap);
}

answering({
  enter: (options: Enter) => crowd.enter(options),
  leave: ({ count, role }: { count?: number; role?: Role }) => crowd.leave(count, role),
  comeBack: (options: Enter) => crowd.comeBack(options),
  nap: ({ ms }: { ms: number }) => {
    const asleep = napMs > 0;
    napMs = ms;
    if (!asleep) nap();
  },
  begin: () => {
    crowd.findings.begin();
    begunAt = performance.now();
    used = process.cpuUsage();
  },
  /** Answers true when every reading client has the event, false after `timeoutMs`. */
  everybodyHas: ({ seq, timeoutMs }: { seq: number; timeoutMs: number }) =>
    new Promise<boolean>((resolve) => {
      const deadline = performance.now() + timeoutMs;
      const poll = (): void => {
        const done = crowd.everybodyHas(seq);
        if (done || performance.now() > deadline) resolve(done);
        else setTimeout(poll, POLL_MS);
      };
      poll();
    }),
  report: (): ClientReport => {
    const seconds = (performance.now() - begunAt) / 1_000;
    const { user, system } = process.cpuUsage(used);
    return { ...crowd.report(), busy: (user + system) / 1e6 / seconds, seconds };
  },
});
