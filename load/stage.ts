/**
 * The processes of one run: the server under test alone on core 0, scripted upstream and checking client on core 1. It
 * owns their lives, and the rules by which a run counts; what is measured is the measure's business.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Enter } from './checking/crowd.js';
import type { Served } from './processes/answering.js';
import { Child } from './processes/child.js';
import type { ClientReport } from './processes/client.js';
import type { Offer, Offered } from './processes/upstream.js';
import { cpuMicros } from './processes/usage.js';
import { TARGETS } from './targets.js';

const SERVER_CORE = 0;
const OTHER_CORE = 1;
const ALL_ARRIVED_MS = 60_000;
const UPSTREAM_READ_MS = 5_000;
const WHOLE_RUN_MS = 600_000;
/** Above this the client measures itself. */
const MAX_BUSY = 0.9;

/** A run that does not count, and why. */
export class Void extends Error {
  override readonly name = 'Void';
}

export class Stage {
  readonly upstream: Child;
  readonly client: Child;
  #server: Child | undefined;
  #served: Served = { port: 0, path: '', pids: [] };
  #offered = 0;

  private constructor(upstream: Child, client: Child) {
    this.upstream = upstream;
    this.client = client;
  }

  /** Opens a stage, hands it to `run` and clears it away whatever happens. */
  static async with<T>(target: string, run: (stage: Stage) => Promise<T>): Promise<T> {
    const described = TARGETS[target];
    if (described === undefined) throw new Error(`no such target: ${target}`);
    const upstream = new Child('processes/upstream', OTHER_CORE);
    const client = new Child('processes/client', OTHER_CORE);
    const open = [upstream, client];
    try {
      const url = `http://127.0.0.1:${await upstream.ask<number>('where')}/stream`;
      const core = described.companion === true ? OTHER_CORE : SERVER_CORE;
      const server = new Child(described.file, core, { ...described.args, upstream: url });
      open.push(server);
      const stage = new Stage(upstream, client);
      stage.#server = server;
      stage.#served = await server.ask<Served>('where', {}, 20_000);
      return await run(stage);
    } finally {
      await Promise.all(open.map((child) => child.kill()));
    }
  }

  get port(): number {
    return this.#served.port;
  }

  get pids(): readonly number[] {
    return this.#served.pids;
  }

  /** The process of the target. */
  get server(): Child {
    return this.#server!;
  }

  /** CPU time of the server so far, µs. */
  cpu(): number {
    return cpuMicros(this.pids);
  }

  /** Brings clients in; resolves when all have their head, and the upstream has its reader. */
  async enter(count: number, options: Partial<Enter> = {}): Promise<void> {
    const { port, path } = this.#served;
    await this.client.ask('enter', { port, path, count, ...options });
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}${this.#served.path}`;
  }

  /** The oldest readers are cut and come back with the id of their last event; resolves when all are in. */
  async comeBack(count: number): Promise<void> {
    const { port, path } = this.#served;
    await this.client.ask('comeBack', { port, path, count });
  }

  /** Offers without an end, which comes with the stage. */
  offerAlong(offer: Offer): void {
    this.upstream.ask('offer', offer, WHOLE_RUN_MS).catch(() => undefined);
  }

  /** Offers a known number of writes and waits until every client has every event. @throws Void when one hasn't */
  async deliver(offer: Offer & { readonly writes: number }): Promise<Offered> {
    await this.#upstreamIsRead();
    const timeoutMs = (offer.writes / offer.rate) * 1_000 + ALL_ARRIVED_MS;
    const offered = await this.upstream.ask<Offered>('offer', offer, timeoutMs);
    this.#offered = offered.events;
    await this.arrived();
    return offered;
  }

  /** A relay that opens its upstream at its start, and not for its first client, may not be there yet. */
  async #upstreamIsRead(): Promise<void> {
    const deadline = performance.now() + UPSTREAM_READ_MS;
    while ((await this.upstream.ask<number>('readers')) === 0) {
      if (performance.now() > deadline) throw new Void('nobody reads the upstream');
      await sleep(20);
    }
  }

  /** Waits until every reading client has an event, the newest that was delivered by default. @throws Void */
  async arrived(timeoutMs = ALL_ARRIVED_MS, seq = this.#offered - 1): Promise<void> {
    const all = await this.client.ask<boolean>('everybodyHas', { seq, timeoutMs }, timeoutMs + 10_000);
    if (!all) {
      const { delivered, lost, lastError } = await this.client.ask<ClientReport>('report');
      throw new Void(`not everybody has event ${seq}: ${delivered} deliveries, ${lost} lost ${lastError}`);
    }
  }

  /** What the clients found since `begin`. @throws Void when the run does not count */
  async checked(): Promise<ClientReport> {
    const report = await this.client.ask<ClientReport>('report');
    const faults = Object.entries(report.faults).filter(([, count]) => count > 0);
    if (faults.length > 0) throw new Void(faults.map(([fault, count]) => `${count} ${fault}`).join(', '));
    if (report.lost > 0) throw new Void(`${report.lost} clients lost: ${report.lastError}`);
    if (report.busy > MAX_BUSY) throw new Void(`the client was ${Math.round(report.busy * 100)} % busy`);
    return report;
  }
}
