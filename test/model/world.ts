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
import { ManualClock, seededRandom } from '../helpers/manual-clock.js';
import { Audience } from './audience.js';
import { NOWHERE } from './oracle.js';
import type { Setup, Step } from './plan.js';
import { Promised } from './promise.js';
import type { ModelSource } from './source.js';
import { Truth } from './truth.js';
import { checkLookUp, checkReading } from './twins.js';
import { Upstream } from './upstream.js';

const TICK_MS = 1_000;
const FORGED = ['e999', 'no such id', '17-zz', '3-zz;e2', '999-zz;e999', '0-0'];

export class World {
  readonly #setup: Setup;
  readonly #clock = new ManualClock();
  readonly #random: Random;
  readonly #pool = new SlabPool({ poison: true });
  readonly #upstream: Upstream;
  readonly #audience: Audience;
  readonly #promised: Promised;
  #restarted = false;
  #forged = false;
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
      missed: this.#upstream.missed,
      privateFaults: this.#upstream.privateFaults,
    }));
    this.#channel = this.#open();
    this.#audience = new Audience({
      clock: this.#clock,
      upstream: this.#upstream,
      promised: this.#promised,
      connectWaitMs: setup.connectWaitMs,
      channel: () => this.#channel,
    });
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
        this.#audience.ask(undefined, step.stalled);
        break;
      case 'resume':
        this.#audience.ask(
          this.#audience.sightings.at(-1 - (step.id % Math.max(this.#audience.sightings.length, 1))),
          step.stalled,
        );
        break;
      case 'forge':
        this.#forged = true;
        this.#audience.ask({ id: FORGED[step.id]!, place: NOWHERE }, false);
        break;
      case 'hop':
      case 'leave': {
        const present = this.#audience.pick(step.client);
        if (present === undefined) break;
        present.client.leave(step.part, step.late);
        this.#audience.present.delete(present);
        if (step.do === 'hop') this.#audience.ask(present.last, false);
        break;
      }
      case 'stall':
      case 'release': {
        const client = this.#audience.pick(step.client)?.client;
        if (client === undefined) break;
        if (step.do === 'stall') client.stalled = true;
        else client.release();
        break;
      }
      case 'everyone-leaves':
        this.#audience.everyoneLeaves();
        break;
      case 'rest':
        if (step.cut) upstream.cut('own', false);
        this.#audience.everyoneLeaves();
        this.#advance(8_000);
        break;
      case 'restart-gateway':
        this.#close();
        this.#channel = this.#open();
        break;
    }
  }

  #advance(ms: number): void {
    const until = this.#clock.now() + ms;
    while (this.#clock.now() < until) {
      this.#clock.advance(Math.min(TICK_MS, until - this.#clock.now()));
      this.#channel.tick(this.#clock.now());
      this.#audience.enterWaiting();
    }
    this.#clock.runTurns();
  }

  #afterStep(): void {
    this.#audience.enterWaiting();
    this.#books();
    const { log } = this.#channel;
    checkReading(log, this.#setup.sliceBytes);
    for (const { id } of this.#audience.sightings.slice(-3)) checkLookUp(log, id);
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
    this.#audience.flow();
    this.#advance(5_000);
    for (let i = 0; i < 2; i += 1) {
      upstream.emit([{ name: 0, padding: 0, spelling: 0 }], 0);
      this.#advance(100);
    }
    this.#afterStep();
    for (const { stream, client } of this.#audience.present) {
      if (client.gone || stream.ended) continue;
      if (stream.place.last !== upstream.truth.newest) {
        throw new Error(
          `a client stands at ${stream.place.last} of ${upstream.truth.newest}: ${stream.trace.join(' | ')}`,
        );
      }
    }
  }

  #close(): void {
    this.#audience.giveUp();
    this.#channel.close('shutdown');
    this.#clock.runTurns();
    this.#books();
    if (this.#audience.present.size > 0) throw new Error('a client was left behind by a close');
    if (this.#pool.stats.inUseBytes !== 0)
      throw new Error(`${this.#pool.stats.inUseBytes} bytes are still in use`);
    if (this.#clock.pending + this.#clock.pendingTurns > 0) throw new Error('a timer was left behind');
  }

  #end(): void {
    if (this.#random() < 0.5) this.#audience.everyoneLeaves();
    this.#close();
  }
}
