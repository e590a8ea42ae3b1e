/**
 * Everyone who comes to a channel: with an id they saw or without, waiting for its head as the plugin does, reading,
 * leaving. It refuses to judge: each stream has its check.
 */
import type { Channel } from '../../src/channel.js';
import type { Clock } from '../../src/clock.js';
import { upstreamIdOf } from '../../src/resume.js';
import { ModelClient } from './client.js';
import { NOWHERE, type Place, StreamCheck } from './oracle.js';
import type { Asked, Promised } from './promise.js';
import type { Upstream } from './upstream.js';

export interface Present {
  readonly client: ModelClient;
  readonly stream: StreamCheck;
  /** The newest id it saw, and where. */
  last: Sighting | undefined;
}

/** An id, and where its stream stood then. */
export interface Sighting {
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

/** More than these at once find nothing that fewer don't. */
const MOST = 8;

export interface AudienceOptions {
  readonly clock: Clock;
  readonly upstream: Upstream;
  readonly promised: Promised;
  /** As the channel's option. */
  readonly connectWaitMs: number;
  /** The one that is served now. */
  readonly channel: () => Channel;
}

export class Audience {
  readonly present = new Set<Present>();
  /** In the order of seeing. */
  readonly sightings: Sighting[] = [];
  readonly #options: AudienceOptions;
  readonly #waiting = new Set<Waiting>();
  #flowing = false;

  constructor(options: AudienceOptions) {
    this.#options = options;
  }

  /** From here on nobody stalls. */
  flow(): void {
    this.#flowing = true;
    for (const { client } of this.present) client.release();
  }

  pick(n: number): Present | undefined {
    const all = [...this.present].filter(({ client }) => !client.gone);
    return all[n % Math.max(all.length, 1)];
  }

  /** Somebody comes with an id that was seen, or without one. */
  ask(sighting: Sighting | undefined, stalled: boolean): void {
    if (this.present.size + this.#waiting.size > MOST) return;
    const channel = this.#options.channel();
    const askedAt = channel.log.tipSeq;
    const release = channel.claim(sighting === undefined ? undefined : Buffer.from(sighting.id));
    this.#waiting.add({ since: this.#options.clock.now(), askedAt, sighting, stalled, release });
    this.enterWaiting();
  }

  /** Those go in who need not wait for the upstream's head any more. */
  enterWaiting(): void {
    const channel = this.#options.channel();
    for (const waiting of [...this.#waiting]) {
      const over = this.#options.clock.now() - waiting.since >= this.#options.connectWaitMs;
      if (channel.state === 'connecting' && channel.subscribers.size === 0 && !over) continue;
      this.#waiting.delete(waiting);
      this.#enter(waiting);
    }
  }

  #enter({ askedAt, sighting, stalled, release }: Waiting): void {
    const { subscribers, options, state } = this.#options.channel();
    const id = sighting === undefined ? undefined : Buffer.from(sighting.id);
    const asked = id === undefined || id.length === 0 ? undefined : id;
    const resume = asked === undefined ? subscribers.fresh(askedAt) : subscribers.locate(asked);
    const refused = resume.outcome === 'gap' && options.onGap === 'reject';
    if (state === 'failed' || refused) {
      release();
      return;
    }
    const known = this.#known(sighting, asked, resume.outcome === 'pending');
    const { promised, upstream } = this.#options;
    const unplaced = asked === undefined || known.nowhere || (known.pending && promised.mixedIds);
    const present: Present = {
      last: sighting,
      stream: new StreamCheck(unplaced ? { ...NOWHERE, high: upstream.truth.newest } : sighting!.place, {
        strict: () => promised.told(known),
        adjacent: promised.disordered ? (a, b) => this.#options.upstream.adjacent(a, b) : undefined,
        forbidden: (reason) => promised.falseAlarm(reason, known),
        seen: (seenId, place) => {
          present.last = { id: seenId, place };
          this.sightings.push(present.last);
        },
      }),
      client: new ModelClient(this.#options.clock, (block) => present.stream.read(block)),
    };
    present.client.stalled = stalled && !this.#flowing;
    this.present.add(present);
    subscribers.enter(present.client, resume, asked, () => {
      release();
      this.present.delete(present);
    });
  }

  #known(sighting: Sighting | undefined, asked: Buffer | undefined, pending: boolean): Asked {
    const named =
      asked === undefined
        ? undefined
        : upstreamIdOf(this.#options.channel().log, asked, this.#options.channel().options.ids);
    const times =
      named === undefined ? 1 : this.#options.upstream.truth.timesNamed(Buffer.from(named).toString());
    return {
      nowhere: times !== 1 || (sighting !== undefined && sighting.place.last === undefined),
      minted: named === undefined || named.length !== asked?.length,
      pending,
    };
  }

  /** Those who wait give up. */
  giveUp(): void {
    for (const { release } of this.#waiting) release();
    this.#waiting.clear();
  }

  everyoneLeaves(): void {
    this.giveUp();
    for (const { client } of [...this.present]) client.leave(0, false);
    this.present.clear();
  }
}
