/** What a running process has used, read from /proc: CPU time of all its threads, resident memory and its peak. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Microseconds on a CPU of all threads of all the processes; kernel time spent for them included. */
export function cpuMicros(pids: readonly number[]): number {
  let nanos = 0;
  for (const pid of pids) {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      nanos += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]);
    }
  }
  return nanos / 1_000;
}

/** Of this, microseconds outside the kernel: in ticks of 10 ms, so for windows of seconds only. */
export function userMicros(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in brackets, may contain blanks.
    ticks += Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[11]);
  }
  return ticks * 10_000;
}

/** Resident bytes. */
export function rssBytes(pids: readonly number[]): number {
  return status(pids, 'VmRSS');
}

/** The most that was resident since the peak was reset, or since the start where it can't be. */
export function peakBytes(pids: readonly number[]): number {
  return status(pids, 'VmHWM');
}

export function resetPeak(pids: readonly number[]): void {
  for (const pid of pids) writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

function status(pids: readonly number[], field: string): number {
  let kib = 0;
  for (const pid of pids) {
    const text = readFileSync(`/proc/${pid}/status`, 'latin1');
    kib += Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]);
  }
  return kib * 1_024;
}
