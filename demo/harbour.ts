/**
 * What the demo is about: a small harbour whose ships come in, moor, cast off and leave.
 * Pure: the time and the dice are handed in, the next event comes out. It refuses to know about streams and ids.
 * Ships are reported at the speed they steam, but the harbour's time runs twentyfold, so that a watcher sees them move.
 */
import type { Random } from '../src/clock.js';

/** An event without its place in the stream; `type` undefined is SSE's unnamed `message`. */
export interface HarbourEvent {
  readonly type: 'berth' | 'notice' | undefined;
  /** `message`: ship, kind, kn, hdg (degrees), x and y (nautical miles east and north of the quay). `berth`: ship, kind, berth, what. `notice`: text. */
  readonly data: Readonly<Record<string, string | number>>;
}

interface Ship {
  readonly name: string;
  readonly kind: string;
  readonly knots: number;
  /** Degrees from north, as seen from the quay; the sea is to the north of it. */
  bearing: number;
  /** Nautical miles from the quay. */
  range: number;
  course: 'in' | 'out' | 'moored';
  berth: number;
  /** When the ship was last moved; in the state `moored`, when it casts off. Clock ms. */
  at: number;
}

/** Where ships appear and vanish, nautical miles from the quay. */
export const HARBOUR_RANGE = 2;
const MOORING_RANGE = 0.12;
const MS_PER_HOUR = 3_600_000;
const TIME_FACTOR = 20;
const NOTICE_SHARE = 0.025;

const FLEET: readonly (readonly [name: string, kind: string, knots: number])[] = [
  ['Marigold', 'ferry', 14],
  ['Anna Lindqvist', 'container', 9],
  ['Petrel', 'pilot', 17],
  ['Saint Brendan', 'ferry', 13],
  ['Heron', 'tug', 8],
  ['Galene', 'tanker', 7],
  ['Two Brothers', 'trawler', 8],
  ['Kittiwake', 'yacht', 6],
  ['Ostrava Trader', 'container', 9],
  ['Nordlys', 'survey', 10],
  ['Bluebell', 'trawler', 7],
  ['Calypso', 'yacht', 7],
  ['Sturdy', 'tug', 9],
  ['Meridian', 'bulk', 7],
];

const WINDS = ['north', 'north-east', 'east', 'south-east', 'south', 'south-west', 'west', 'north-west'];

export class Harbour {
  readonly #random: Random;
  readonly #ships: Ship[];

  /** `now`: monotonic ms, the moment from which the ships are under way. */
  constructor(random: Random, now: number) {
    this.#random = random;
    this.#ships = FLEET.map(([name, kind, knots]) => ({
      name,
      kind,
      knots,
      bearing: this.#bearing(),
      range: 0.3 + random() * (HARBOUR_RANGE - 0.3),
      course: random() < 0.6 ? 'in' : 'out',
      berth: 0,
      at: now,
    }));
  }

  /** What happens next, at `now` (monotonic ms, never going back). */
  next(now: number): HarbourEvent {
    if (this.#random() < NOTICE_SHARE) return this.#notice();
    const first = Math.floor(this.#random() * this.#ships.length);
    for (let i = 0; i < this.#ships.length; i++) {
      const ship = this.#ships[(first + i) % this.#ships.length]!;
      if (ship.course !== 'moored' || now >= ship.at) return this.#move(ship, now);
    }
    return this.#notice();
  }

  #move(ship: Ship, now: number): HarbourEvent {
    if (ship.course === 'moored') {
      ship.course = 'out';
      ship.bearing = this.#bearing();
      ship.at = now;
      return berthed(ship, 'cast off from');
    }
    const miles = (ship.knots * TIME_FACTOR * (now - ship.at)) / MS_PER_HOUR;
    ship.at = now;
    ship.range += ship.course === 'in' ? -miles : miles;
    ship.bearing += (this.#random() - 0.5) * 1.5;
    if (ship.course === 'in' && ship.range <= MOORING_RANGE) {
      ship.course = 'moored';
      ship.range = MOORING_RANGE;
      ship.berth = this.#freeBerth();
      ship.at = now + 4_000 + this.#random() * 16_000;
      return berthed(ship, 'moored at');
    }
    if (ship.range > HARBOUR_RANGE) {
      ship.course = 'in';
      ship.range = HARBOUR_RANGE;
      ship.bearing = this.#bearing();
    }
    return this.#position(ship);
  }

  #position(ship: Ship): HarbourEvent {
    const radians = (ship.bearing * Math.PI) / 180;
    const heading = ship.course === 'in' ? ship.bearing + 180 : ship.bearing;
    return {
      type: undefined,
      data: {
        ship: ship.name,
        kind: ship.kind,
        kn: rounded(ship.knots * (0.92 + this.#random() * 0.16), 1),
        hdg: (Math.round(heading) + 360) % 360,
        x: rounded(ship.range * Math.sin(radians), 3),
        y: rounded(ship.range * Math.cos(radians), 3),
      },
    };
  }

  #notice(): HarbourEvent {
    const ship = this.#pick(this.#ships).name;
    const texts = [
      `Wind ${Math.round(6 + this.#random() * 22)} kn from the ${this.#pick(WINDS)}`,
      `Tide ${this.#random() < 0.5 ? 'rising' : 'falling'}, ${rounded(3 + this.#random() * 4, 1)} m over the sill`,
      `Visibility ${rounded(1 + this.#random() * 8, 1)} nm – fog signal ${this.#random() < 0.3 ? 'on' : 'off'}`,
      `${ship} asks for a pilot`,
      `Crane ${Math.ceil(this.#random() * 4)} ready for ${ship}`,
    ];
    return { type: 'notice', data: { text: this.#pick(texts) } };
  }

  #freeBerth(): number {
    const taken = new Set(this.#ships.filter((ship) => ship.course === 'moored').map((ship) => ship.berth));
    let berth = 1;
    while (taken.has(berth)) berth += 1;
    return berth;
  }

  #bearing(): number {
    return (this.#random() - 0.5) * 150;
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)]!;
  }
}

function berthed(ship: Ship, what: string): HarbourEvent {
  return { type: 'berth', data: { ship: ship.name, kind: ship.kind, berth: ship.berth, what } };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
