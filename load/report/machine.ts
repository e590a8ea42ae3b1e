/** What a run was made on, for everyone who reads its figures. */
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly congestion: string;
  readonly node: string;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    congestion: congestion(),
    node: process.versions.node,
  };
}

export function machineLine({ cpu, cores, memoryGiB, kernel, congestion: tcp, node }: Machine): string {
  return `${cores} cores of ${cpu}, ${memoryGiB} GiB, Linux ${kernel} (TCP ${tcp}), Node.js ${node}`;
}

function congestion(): string {
  try {
    return readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'latin1').trim();
  } catch {
    return 'unknown';
  }
}
