/**
 * Gateways in processes of their own: the command before a scripted upstream, or a host's app with its own routes and
 * hooks. It refuses to know what goes wrong.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SseGatewayOptions } from '../../../plugins/options.js';
import { COMMAND, portOf } from '../../bin/command.js';
import { NodeProcess } from '../../helpers/process.js';
import { ScriptedUpstream, type UpstreamOptions } from '../../helpers/scripted-upstream.js';
import { SseClient } from '../../helpers/sse-client.js';
import type { SseClientOptions } from '../../helpers/sse-request.js';
import { until } from '../../helpers/waits.js';
import { poll } from '../../interop/poll.js';
import { type Scrape, scrape } from '../../interop/scrape.js';
import type { Outcome, Scene } from '../fault.js';

const HOST = fileURLToPath(new URL('./host-process.js', import.meta.url));
/** Makes the wall clock of a process step at SIGUSR2. */
const WALL_CLOCK = new URL('./wall-clock.js', import.meta.url).href;

/** Of the clients that one promise is about. */
const DEADLINE_MS = 30_000;

export interface ProcessOptions {
  /** Arguments of node. */
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Steps of the wall clock, ms: the first at the start, the others one at each SIGUSR2. */
  readonly clockSteps?: readonly number[];
}

export class GatewayProcess {
  readonly child: NodeProcess;
  readonly port: number;
  readonly #scene: Scene;

  constructor(scene: Scene, child: NodeProcess, port: number) {
    this.#scene = scene;
    this.child = child;
    this.port = port;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** A client of the channel `events` that judges numbers, unless told otherwise. */
  client(options: Partial<SseClientOptions> = {}): SseClient {
    const client = new SseClient({ port: this.port, keep: 'check', ...options });
    this.#scene.teardown(() => client.destroy());
    return client;
  }

  /** So many of them, all of them with a first event. */
  async readers(count: number, options: Partial<SseClientOptions> = {}): Promise<SseClient[]> {
    const clients = Array.from({ length: count }, () => this.client(options));
    await Promise.all(clients.map((client) => client.waitFor(1, undefined, DEADLINE_MS)));
    return clients;
  }

  metrics(): Promise<Scrape> {
    return scrape(this.port);
  }

  /** Resolves when a channel's health is as wanted. */
  async health(
    channel: string,
    holds: (status: { state: string; maxLagBytes: number }) => boolean,
  ): Promise<void> {
    const ask = async () => {
      const answer = await fetch(`http://127.0.0.1:${this.port}/health`);
      const { channels } = (await answer.json()) as {
        channels: Record<string, { state: string; maxLagBytes: number }>;
      };
      return holds(channels[channel]!) ? true : undefined;
    };
    await poll(ask, `${channel}: ${holds}`);
  }

  /** Numbers of the file descriptors that it has open. */
  get descriptors(): number[] {
    return readdirSync(`/proc/${this.pid}/fd`).map(Number);
  }

  /** The state letter of `/proc`: `T` stopped, `R` and `S` running. */
  get processState(): string {
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'utf8');
    return stat[stat.lastIndexOf(')') + 2]!;
  }

  /** It takes no part in anything for so long. */
  async stop(ms: number): Promise<void> {
    this.child.kill('SIGSTOP');
    await until(
      () => this.processState === 'T',
      () => `the process is ${this.processState}`,
    );
    await passes(ms);
    this.child.kill('SIGCONT');
  }
}

/** Real time goes by: what is waited for is the time itself. */
export function passes(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export async function upstreamOf(scene: Scene, options: UpstreamOptions = {}): Promise<ScriptedUpstream> {
  const upstream = await ScriptedUpstream.listen(options);
  scene.teardown(() => upstream.close());
  return upstream;
}

/** The command with this configuration, serving. */
export async function command(
  scene: Scene,
  options: SseGatewayOptions,
  process: ProcessOptions = {},
): Promise<GatewayProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'sse-gateway-chaos-'));
  scene.teardown(() => rm(folder, { recursive: true }));
  const config = join(folder, 'gateway.json');
  await writeFile(config, JSON.stringify(options));
  return start(scene, COMMAND, ['--config', config, '--port', '0'], process);
}

/** A host's app with the plugin in it; `host-process.ts` has its routes and hooks. */
export function hostApp(
  scene: Scene,
  options: SseGatewayOptions,
  process: ProcessOptions = {},
): Promise<GatewayProcess> {
  return start(scene, HOST, [JSON.stringify(options)], process);
}

async function start(
  scene: Scene,
  file: string,
  args: readonly string[],
  { nodeArgs = [], env = {}, clockSteps }: ProcessOptions,
): Promise<GatewayProcess> {
  const child = new NodeProcess(file, {
    args,
    nodeArgs: [...nodeArgs, ...(clockSteps === undefined ? [] : ['--import', WALL_CLOCK])],
    env: { HOST: undefined, PORT: undefined, WALL_CLOCK_STEPS: clockSteps?.join(), ...env },
  });
  scene.teardown(() => child.stop());
  return new GatewayProcess(scene, child, await portOf(child));
}

/** Resolves when every client has the last number, and says what they saw. @throws when one of them doesn't get there */
export async function settled(clients: readonly SseClient[], last: number): Promise<Outcome> {
  await Promise.all(
    clients.map((client) =>
      client.waitFor(({ check }) => check!.last >= last, `number ${last}`, DEADLINE_MS),
    ),
  );
  return seenBy(clients);
}

export function seenBy(clients: readonly SseClient[]): {
  lost: number;
  duplicated: number;
  announced: number;
} {
  const sum = (of: (client: SseClient) => number): number =>
    clients.reduce((all, client) => all + of(client), 0);
  return {
    lost: sum(({ check }) => check!.lost),
    duplicated: sum(({ check }) => check!.duplicates),
    announced: sum(({ check }) => check!.gaps),
  };
}
