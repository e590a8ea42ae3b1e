/**
 * Everyone who comes to a channel: with an id they saw or without, waiting for its head as the plugin does, reading,
 * leaving. It refuses to judge: each stream has its check.
 */
import type { Channel } from '../../src/channel.js';
import type { Clock } from '../../src/clock.js';
import type { Subscriber } from '../../src/downstream/subscriber.js';
import type { CloseReason } from '../../src/errors.js';
import { upstreamIdOf } from '../../src/resume.js';
import { ModelClient } from './client.js';
import { NOWHERE, type Place, StreamCheck } from './oracle.js';
import type { Asked, Promised } from './promise.js';
import { slowIndexOf } from './twins.js';
import type { Upstream } from './upstream.js';

export interface Present {
  readonly client: ModelClient;
  /** Our end of it. */
  subscriber: Subscriber | undefined;
  readonly since: number;
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
  /** Clients take slices at once. */
  readonly eager: boolean;
  /** As the channel's option. */
  readonly connectWaitMs: number;
  readonly maxAgeMs: number;
  /** Somebody comes with an id that the upstream never gave, and that is not in the log. */
  readonly foreignId: () => void;
  /** The one that is served now. */
  readonly channel: () => Channel;
}

export class Audience {
  readonly present = new Set<Present>();
  /** In the order of seeing. */
  readonly sightings: Sighting[] = [];
  readonly #options: AudienceOptions;
  readonly #waiting = new Set<Waiting>();
  /** Whose streams the gateway ended politely: they come back with what they had. */
  readonly #returning: (Sighting | undefined)[] = [];
  /** While a drain goes on: when it ends. Nobody is let in. */
  drainEnds: number | undefined;
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
    if (this.present.size + this.#waiting.size <= MOST) this.#come(sighting, stalled);
    this.enterWaiting();
  }

  #come(sighting: Sighting | undefined, stalled: boolean): void {
    const channel = this.#options.channel();
    const askedAt = channel.log.tipSeq;
    const release = channel.claim(sighting === undefined ? undefined : Buffer.from(sighting.id));
    this.#waiting.add({ since: this.#options.clock.now(), askedAt, sighting, stalled, release });
  }

  /** Those go in who need not wait for the upstream's head any more. */
  enterWaiting(): void {
    if (this.drainEnds !== undefined) return;
    for (const sighting of this.#returning.splice(0)) this.#come(sighting, false);
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
    if (asked !== undefined && resume.outcome !== 'exact' && !refused && this.#holds(asked))
      throw new Error(`${asked} is in the log, and whoever comes with it is told ${resume.outcome}`);
    if (state === 'failed' || refused) {
      release();
      return;
    }
    const known = this.#known(sighting, asked, resume.outcome === 'pending');
    const { promised, upstream } = this.#options;
    const unplaced = asked === undefined || known.nowhere || (known.pending && promised.mixedIds);
    const present: Present = {
      subscriber: undefined,
      since: this.#options.clock.now(),
      last: sighting,
      stream: new StreamCheck(
        unplaced ? { ...NOWHERE, high: upstream.truth.newest } : sighting!.place,
        {
          locals: upstream.locals,
          strict: () => promised.told(known),
          unplaced: () => known.pending && promised.mixedIds,
          adjacent: promised.disordered ? (a, b) => this.#options.upstream.adjacent(a, b) : undefined,
          forbidden: (reason) => promised.falseAlarm(reason, known),
          seen: (seenId, place) => {
            present.last = { id: seenId, place };
            this.sightings.push(present.last);
          },
        },
        known.pending,
      ),
      client: new ModelClient(this.#options.clock, this.#options.eager, (block) =>
        present.stream.read(block),
      ),
    };
    present.client.stalled = stalled && !this.#flowing;
    this.present.add(present);
    present.subscriber = subscribers.enter(present.client, resume, asked, (reason) => {
      release();
      this.present.delete(present);
      if (!present.client.left) this.#ended(present, reason);
    });
  }

  #holds(id: Buffer): boolean {
    return slowIndexOf(this.#options.channel().log, id.toString()) >= 0;
  }

  /** A stream that the gateway ended: with whole events, in its time, and with a time to come back. */
  #ended({ client, since, last }: Present, reason: CloseReason): void {
    const { clock, maxAgeMs } = this.#options;
    if (reason !== 'max-age' && reason !== 'drain' && reason !== 'disconnected') return;
    const wrong = (what: string): Error => new Error(`a stream ended as ${reason} ${what}`);
    if (!client.whole) throw wrong('within an event');
    if (reason !== 'disconnected' && client.farewell === undefined)
      throw wrong('without a time to come back');
    if (reason === 'max-age' && clock.now() - since < 0.8 * maxAgeMs)
      throw wrong(`after ${clock.now() - since} ms`);
    if (reason === 'drain' && clock.now() + client.farewell! < this.drainEnds!)
      throw wrong(
        `and is to come back in ${client.farewell} ms, ${this.drainEnds! - clock.now()} before its end`,
      );
    this.#returning.push(last);
  }

  /** Nobody is served for longer than may be, as far as its socket takes anything. */
  checkAges(tickMs: number): void {
    const { clock, maxAgeMs } = this.#options;
    if (maxAgeMs === 0) return;
    for (const { client, since } of this.present) {
      const age = clock.now() - since;
      if (!client.gone && !client.busy && age > maxAgeMs + tickMs)
        throw new Error(`a stream is ${age} ms old`);
    }
  }

  /** Somebody who reads and does not stand at the newest event, and what was read. */
  behind(): string | undefined {
    const { truth, locals } = this.#options.upstream;
    for (const { stream, client } of this.present) {
      const { last, local } = stream.place;
      if (client.gone || stream.ended || (last === truth.newest && local === locals.newest)) continue;
      return `a client stands at ${last} of ${truth.newest} and ${local} of ${locals.newest}: ${stream.trace.join(' | ')}`;
    }
    return undefined;
  }

  /** Ends one in so many. */
  disconnect(every: number): void {
    for (const [at, { subscriber, client }] of [...this.present].entries())
      if (at % every === 0 && !client.gone) subscriber?.end('disconnected');
  }

  #known(sighting: Sighting | undefined, asked: Buffer | undefined, pending: boolean): Asked {
    const named =
      asked === undefined
        ? undefined
        : upstreamIdOf(this.#options.channel().log, asked, this.#options.channel().options.ids);
    const { upstream } = this.#options;
    const times = named === undefined ? 1 : upstream.truth.timesNamed(Buffer.from(named).toString());
    const foreign = asked !== undefined && upstream.locals.isOwn(asked.toString()) && !this.#holds(asked);
    if (foreign) this.#options.foreignId();
    const local = asked !== undefined && upstream.locals.isOwn(asked.toString());
    return {
      nowhere:
        (local ? foreign : times !== 1) || (sighting !== undefined && sighting.place.last === undefined),
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
    this.#returning.length = 0;
    for (const { client } of [...this.present]) client.leave(0, false);
    this.present.clear();
  }
}
