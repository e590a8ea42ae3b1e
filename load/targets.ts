/** Everything that can be put under test, by the name that tables and `--targets` use. */
import type { ServerArguments } from './processes/answering.js';

export interface Target {
  /** The file of its process, as `Child` has it. */
  readonly file: string;
  /** Added to what every server is started with. */
  readonly args?: Readonly<Record<string, unknown>>;
  /** Its process is a companion of the real server, and runs where that is not measured. */
  readonly companion?: boolean;
}

export type TargetArguments = ServerArguments & Readonly<Record<string, unknown>>;

const ours = (gateway: Readonly<Record<string, unknown>>): Target => ({
  file: 'targets/ours',
  args: { gateway },
});

export const TARGETS: Readonly<Record<string, Target>> = {
  net: { file: 'baselines/net' },
  bare: { file: 'baselines/bare' },
  naive: { file: 'baselines/naive' },
  '@fastify/sse': { file: 'baselines/fastify-sse' },
  'better-sse': { file: 'baselines/better-sse' },
  '@fastify/http-proxy': { file: 'baselines/http-proxy' },
  nchan: { file: 'baselines/nchan', companion: true },
  ours: ours({}),
  'ours pool:false': ours({ pool: false }),
  // As the command serves.
  'ours detachStreams': ours({ detachStreams: true }),
  // Variants for scenarios: streams that end, and an upstream that is known to replay.
  'ours maxAgeMs:500': ours({ defaults: { maxAgeMs: 500 } }),
  'ours replay:true': ours({ defaults: { replay: true, backoffBaseMs: 100 } }),
  'ours coalesceMs:10': ours({ defaults: { coalesceMs: 10 } }),
};
