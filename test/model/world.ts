/**
 * One upstream, one channel after the other, and the clients that come, go and come back: carries out steps and looks
 * after each whether the books balance. What clients see is the oracle's to judge.
 */
import type { Channel } from '../../src/channel.js';
import type { Random } from '../../src/clock.js';
import { Drain } from '../../src/drain.js';
import { SlabPool } from '../../src/log/pool.js';
import { ManualClock, seededRandom } from '../helpers/manual-clock.js';
import { Audience } from './audience.js';
import { checkBooks, checkNothingLeft } from './books.js';
import { DRAIN_STEP_MS, drained, drainLasts } from './drained.js';
import { Locals } from './locals.js';
import { NOWHERE } from './oracle.js';
import type { Setup, Step } from './plan.js';
import { Promised } from './promise.js';
import { openChannel } from './served.js';
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
    const locals = new Locals(policy === 'truly' && naming === 'every');
    this.#upstream = new Upstream(new Truth(naming), locals, this.#clock, this.#random, options);
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
      eager: setup.eager,
      connectWaitMs: setup.connectWaitMs,
      maxAgeMs: setup.maxAgeMs,
      foreignId: () => {
        this.#forged = true;
      },
      channel: () => this.#channel,
    });
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if (step.do === 'drain') await this.#drain(step);
      else this.#carryOut(step);
      this.#afterStep();
    }
    this.#settle();
    this.#end();
  }

  #open(): Channel {
    this.#epoch += 1;
    const upstream = this.#upstream;
    return openChannel(this.#setup, {
      clock: this.#clock,
      random: this.#random,
      pool: this.#pool,
      epoch: this.#epoch,
      nextEpoch: () => {
        this.#epoch += 1;
        return this.#epoch;
      },
      source: upstream.factory(true, (source) => {
        this.#own = source;
      }),
      backfill: upstream.factory(false),
    });
  }

  #carryOut(step: Exclude<Step, { do: 'drain' }>): void {
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
      case 'publish':
        for (let i = 0; i < step.count; i += 1) this.#publish(step.named);
        if (step.turn) this.#clock.runTurns();
        break;
      case 'disconnect':
        this.#audience.disconnect(step.every);
        break;
      case 'restart-gateway':
        this.#restart();
        break;
    }
  }

  #publish(named: boolean): void {
    const { k, id } = this.#upstream.locals.add(named);
    this.#channel.publish({ data: `L${k}`, ...(id === undefined ? {} : { id }) });
  }

  #restart(): void {
    this.#close();
    this.#upstream.locals.newLife();
    this.#channel = this.#open();
  }

  /** The gateway lets everyone go while events flow, and is started anew; whoever takes what is sent goes by itself. */
  async #drain({ drainMs, looks }: Extract<Step, { do: 'drain' }>): Promise<void> {
    const audience = this.#audience;
    const leaving = [...audience.present];
    audience.drainEnds = this.#clock.now() + drainLasts(leaving.length, drainMs);
    await drained(
      new Drain({ drainDelayMs: 0, drainMs }, this.#clock, this.#random),
      this.#channel,
      (step) => {
        if (looks.length > 0 && step < 5) this.#upstream.emit(looks, 0);
        if (step === 1) this.#publish(false);
        this.#advance(DRAIN_STEP_MS);
      },
    );
    // One whose stream the gateway has cut meanwhile, as too slow, is not there for it any more, though it may not know yet.
    for (const one of leaving)
      if (audience.present.has(one) && !one.client.gone && !one.client.busy)
        throw new Error('a client that takes all is still there behind a drain');
    this.#restart();
    audience.drainEnds = undefined;
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
    checkBooks(this.#channel);
    this.#audience.checkAges(TICK_MS);
    const { log } = this.#channel;
    checkReading(log, this.#setup.sliceBytes);
    for (const { id } of this.#audience.sightings.slice(-3)) checkLookUp(log, id);
    const told = this.#channel.metrics.gaps.get('upstream');
    const most = this.#promised.breaks(this.#own) + this.#upstream.locals.forgettings;
    if (told > most) throw new Error(`${told} breaks were told, ${most} were there`);
  }

  /** Everything flows again: whoever is there gets to the newest event. */
  #settle(): void {
    const upstream = this.#upstream;
    upstream.down = 'no';
    this.#audience.flow();
    this.#advance(5_000);
    // Who has just come back behind the end of its time needs a moment more.
    const rounds = this.#setup.maxAgeMs === 0 ? 2 : 12;
    for (let round = 1; round <= rounds; round += 1) {
      upstream.emit([{ name: 0, padding: 0, spelling: 0 }], 0);
      this.#advance(round <= 2 ? 100 : 500);
      this.#publish(false);
      this.#clock.runTurns();
      this.#afterStep();
      const behind = this.#audience.behind();
      if (behind === undefined && round > 1) break;
      if (behind !== undefined && round === rounds) throw new Error(behind);
    }
  }

  #close(): void {
    this.#audience.giveUp();
    this.#channel.close('shutdown');
    this.#clock.runTurns();
    checkBooks(this.#channel);
    if (this.#audience.present.size > 0) throw new Error('a client was left behind by a close');
    checkNothingLeft(this.#pool, this.#clock);
  }

  #end(): void {
    if (this.#random() < 0.5) this.#audience.everyoneLeaves();
    this.#close();
  }
}
