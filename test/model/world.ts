/**
 * One upstream, one channel after the other, and the clients that come, go and come back: carries out steps and looks
 * after each whether the books balance. What clients see is the oracle's to judge.
 */
import { Channel } from '../../src/channel.js';
import type { Random } from '../../src/clock.js';
import { LogBudget } from '../../src/log/budget.js';
import { SlabPool } from '../../src/log/pool.js';
import { silentLogger } from '../../src/logger.js';
import { ChannelMetrics } from '../../src/metrics/channel-metrics.js';
import { resolveOptions } from '../../src/options.js';
import { upstreamIdOf } from '../../src/resume.js';
import { ManualClock, seededRandom } from '../helpers/manual-clock.js';
import { ModelClient } from './client.js';
import { NOWHERE, type Place, StreamCheck } from './oracle.js';
import type { Setup, Step } from './plan.js';
import { type Asked, Promised } from './promise.js';
import { Truth } from './truth.js';
import { checkLookUp, checkReading } from './twins.js';
import { type ModelSource, Upstream } from './upstream.js';

interface Present {
  readonly client: ModelClient;
  readonly stream: StreamCheck;
  /** The newest id it saw, and where. */
  last: Sighting | undefined;
}

interface Sighting {
  readonly id: string;
  readonly place: Place;
}

/** A client that has asked and waits for the upstream's head. */
interface Waiting {
  readonly since: number;
  readonly askedAt: number;
  readonly sighting: Sighting | undefined;
  readonly stalled: boolean;
  readonly release: () => void;
}

const TICK_MS = 1_000;
const FORGED = ['e999', 'no such id', '17-zz', '3-zz;e2', '999-zz;e999', '0-0'];

export class World {
  readonly #setup: Setup;
  readonly #clock = new ManualClock();
  readonly #random: Random;
  readonly #pool = new SlabPool({ poison: true });
  readonly #upstream: Upstream;
  readonly #sightings: Sighting[] = [];
  readonly #present = new Set<Present>();
  readonly #waiting = new Set<Waiting>();
  readonly #promised: Promised;
  #restarted = false;
  #forged = false;
  /** From here on nobody stalls. */
  #flowing = false;
  #epoch = 1_000;
  #channel: Channel;
  #own!: ModelSource;

  constructor(setup: Setup) {
    this.#setup = setup;
    this.#random = seededRandom(setup.seed);
    const { policy, refuses, replay, naming } = setup;
    const options = { policy, refuses, sendsId: replay !== false };
    this.#upstream = new Upstream(new Truth(naming), this.#clock, this.#random, options);
    this.#promised = new Promised(setup, () => ({
      restarted: this.#restarted,
      forged: this.#forged,
      seeded: this.#upstream.seeded,
      privateFaults: this.#upstream.privateFaults,
    }));
    this.#channel = this.#open();
  }

  run(steps: readonly Step[]): void {
    for (const step of steps) {
      this.#carryOut(step);
      this.#afterStep();
    }
    this.#settle();
    this.#end();
  }

  #open(): Channel {
    const { ids, replay, onGap, onSlow, backfill } = this.#setup;
    const defaults = resolveOptions({
      channels: { it: { url: 'http://upstream/', ids, replay, onGap, onSlow, maxAgeMs: 0 } },
    }).channels['it']!;
    const { retainEvents, retainBytes, retainAgeMs, sliceBytes, replayBytes, maxLogBytes } = this.#setup;
    const { resumeWaitMs, connectWaitMs, lingerMs } = this.#setup;
    const sizes = { retainEvents, retainBytes, retainAgeMs, sliceBytes, replayBytes };
    this.#epoch += 1;
    return new Channel(
      'it',
      'it',
      { ...defaults, ...sizes, resumeWaitMs, connectWaitMs, lingerMs },
      {
        clock: this.#clock,
        random: this.#random,
        logger: silentLogger,
        pool: this.#pool,
        budget: new LogBudget(maxLogBytes),
        epoch: this.#epoch,
        nextEpoch: () => {
          this.#epoch += 1;
          return this.#epoch;
        },
        metrics: new ChannelMetrics(),
        source: this.#upstream.factory(true, (source) => {
          this.#own = source;
        }),
        backfill: backfill ? this.#upstream.factory(false) : undefined,
      },
    );
  }

  #carryOut(step: Step): void {
    const upstream = this.#upstream;
    switch (step.do) {
      case 'emit':
        upstream.emit(step.looks, step.hold);
        if (step.turn) this.#clock.runTurns();
        break;
      case 'cut':
        upstream.cut(step.which, step.fragment);
        this.#advance(step.ms);
        break;
      case 'down':
        upstream.down = step.down;
        if (step.down !== 'no') upstream.cut('all', false);
        break;
      case 'restart-ids':
        if (this.#setup.naming === 'repeated') break;
        this.#restarted = true;
        upstream.truth.restartIds();
        break;
      case 'advance':
        this.#advance(step.ms);
        break;
      case 'join':
        this.#ask(undefined, step.stalled);
        break;
      case 'resume':
        this.#ask(this.#sightings.at(-1 - (step.id % Math.max(this.#sightings.length, 1))), step.stalled);
        break;
      case 'forge':
        this.#forged = true;
        this.#ask({ id: FORGED[step.id]!, place: NOWHERE }, false);
        break;
      case 'hop':
      case 'leave': {
        const present = this.#pick(step.client);
        if (present === undefined) break;
        present.client.leave(step.part, step.late);
        this.#present.delete(present);
        if (step.do === 'hop') this.#ask(present.last, false);
        break;
      }
      case 'stall':
      case 'release': {
        const client = this.#pick(step.client)?.client;
        if (client === undefined) break;
        if (step.do === 'stall') client.stalled = true;
        else client.release();
        break;
      }
      case 'everyone-leaves':
        this.#everyoneLeaves();
        break;
      case 'rest':
        if (step.cut) upstream.cut('own', false);
        this.#everyoneLeaves();
        this.#advance(8_000);
        break;
      case 'restart-gateway':
        this.#close();
        this.#channel = this.#open();
        break;
    }
  }

  #pick(n: number): Present | undefined {
    const all = [...this.#present].filter(({ client }) => !client.gone);
    return all[n % Math.max(all.length, 1)];
  }

  #advance(ms: number): void {
    const until = this.#clock.now() + ms;
    while (this.#clock.now() < until) {
      this.#clock.advance(Math.min(TICK_MS, until - this.#clock.now()));
      this.#channel.tick(this.#clock.now());
      this.#enterWaiting();
    }
    this.#clock.runTurns();
  }

  #ask(sighting: Sighting | undefined, stalled: boolean): void {
    if (this.#present.size + this.#waiting.size > 8) return;
    const channel = this.#channel;
    const askedAt = channel.log.tipSeq;
    const release = channel.claim(sighting === undefined ? undefined : Buffer.from(sighting.id));
    this.#waiting.add({ since: this.#clock.now(), askedAt, sighting, stalled, release });
    this.#enterWaiting();
  }

  /** Those go in who need not wait for the upstream's head any more. */
  #enterWaiting(): void {
    const channel = this.#channel;
    for (const waiting of [...this.#waiting]) {
      const over = this.#clock.now() - waiting.since >= this.#setup.connectWaitMs;
      if (channel.state === 'connecting' && channel.subscribers.size === 0 && !over) continue;
      this.#waiting.delete(waiting);
      this.#enter(waiting);
    }
  }

  #enter({ askedAt, sighting, stalled, release }: Waiting): void {
    const { subscribers, options } = this.#channel;
    const id = sighting === undefined ? undefined : Buffer.from(sighting.id);
    const asked = id === undefined || id.length === 0 ? undefined : id;
    const resume = asked === undefined ? subscribers.fresh(askedAt) : subscribers.locate(asked);
    const refused = resume.outcome === 'gap' && options.onGap === 'reject';
    if (this.#channel.state === 'failed' || refused) {
      release();
      return;
    }
    const known = this.#known(sighting, asked, resume.outcome === 'pending');
    const promised = this.#promised;
    const unplaced = asked === undefined || known.nowhere || (known.pending && promised.mixedIds);
    const present: Present = {
      last: sighting,
      stream: new StreamCheck(unplaced ? NOWHERE : sighting!.place, {
        strict: () => promised.told(known),
        adjacent: promised.disordered ? (a, b) => this.#upstream.adjacent(a, b) : undefined,
        forbidden: (reason) => promised.falseAlarm(reason, known),
        seen: (seenId, place) => {
          present.last = { id: seenId, place };
          this.#sightings.push(present.last);
        },
      }),
      client: new ModelClient(this.#clock, (block) => present.stream.read(block)),
    };
    present.client.stalled = stalled && !this.#flowing;
    this.#present.add(present);
    subscribers.enter(present.client, resume, asked, () => {
      release();
      this.#present.delete(present);
    });
  }

  #known(sighting: Sighting | undefined, asked: Buffer | undefined, pending: boolean): Asked {
    const named = asked === undefined ? undefined : upstreamIdOf(asked);
    const times = named === undefined ? 1 : this.#upstream.truth.timesNamed(Buffer.from(named).toString());
    return {
      nowhere: times !== 1 || (sighting !== undefined && sighting.place.last === undefined),
      minted: named === undefined || named.length !== asked?.length,
      pending,
    };
  }

  #afterStep(): void {
    this.#enterWaiting();
    this.#books();
    const { log } = this.#channel;
    checkReading(log, this.#setup.sliceBytes);
    for (const { id } of this.#sightings.slice(-3)) checkLookUp(log, id);
    const told = this.#channel.metrics.gaps.get('upstream');
    const most = this.#promised.breaks(this.#own);
    if (told > most) throw new Error(`${told} breaks were told, ${most} were there`);
  }

  #books(): void {
    const { metrics, subscribers } = this.#channel;
    const pending = [...subscribers].reduce((sum, one) => sum + one.pending, 0);
    const { eventsOffered, eventsOut, eventsDropped } = metrics;
    if (eventsOffered !== eventsOut + eventsDropped.total + pending) {
      const dropped = JSON.stringify([...eventsDropped.entries()]);
      throw new Error(`offered ${eventsOffered}, out ${eventsOut}, dropped ${dropped}, pending ${pending}`);
    }
  }

  /** Everything flows again: whoever is there gets to the newest event. */
  #settle(): void {
    const upstream = this.#upstream;
    upstream.down = 'no';
    this.#flowing = true;
    for (const { client } of this.#present) client.release();
    this.#advance(5_000);
    for (let i = 0; i < 2; i += 1) {
      upstream.emit([{ name: 0, padding: 0, spelling: 0 }], 0);
      this.#advance(100);
    }
    this.#afterStep();
    for (const { stream, client } of this.#present) {
      if (client.gone || stream.ended) continue;
      if (stream.place.last !== upstream.truth.newest) {
        throw new Error(
          `a client stands at ${stream.place.last} of ${upstream.truth.newest}: ${stream.trace.join(' | ')}`,
        );
      }
    }
  }

  #everyoneLeaves(): void {
    for (const { release } of this.#waiting) release();
    this.#waiting.clear();
    for (const { client } of [...this.#present]) client.leave(0, false);
    this.#present.clear();
  }

  #close(): void {
    for (const { release } of this.#waiting) release();
    this.#waiting.clear();
    this.#channel.close('shutdown');
    this.#clock.runTurns();
    this.#books();
    if (this.#present.size > 0) throw new Error('a client was left behind by a close');
    if (this.#pool.stats.inUseBytes !== 0)
      throw new Error(`${this.#pool.stats.inUseBytes} bytes are still in use`);
    if (this.#clock.pending + this.#clock.pendingTurns > 0) throw new Error('a timer was left behind');
  }

  #end(): void {
    if (this.#random() < 0.5) this.#everyoneLeaves();
    this.#close();
  }
}
