import t from 'tap';
import { HARBOUR_RANGE, Harbour } from '../../demo/harbour.js';
import { seededRandom } from '../helpers/manual-clock.js';

t.test(
  'ships stay within range, and cast off from the berth they moored at, which is theirs alone',
  async (t) => {
    const harbour = new Harbour(seededRandom(3), 0);
    const berths = new Map<unknown, unknown>();
    const seen = { position: 0, moored: 0, castOff: 0, notice: 0 };
    const faults: string[] = [];
    for (let now = 100; now < 600_000; now += 100) {
      const { type, data } = harbour.next(now);
      const { ship, berth } = data;
      if (type === 'notice') {
        seen.notice += 1;
        if (typeof data['text'] !== 'string' || /undefined|NaN/.test(data['text']))
          faults.push(JSON.stringify(data));
      } else if (type === undefined) {
        seen.position += 1;
        const range = Math.hypot(Number(data['x']), Number(data['y']));
        const heading = Number(data['hdg']);
        if (!(range <= HARBOUR_RANGE + 0.01) || !(heading >= 0 && heading < 360))
          faults.push(JSON.stringify(data));
        if (berths.has(ship)) faults.push(`${ship} moves while it is moored`);
      } else if (data['what'] === 'moored at') {
        seen.moored += 1;
        if ([...berths.values()].includes(berth)) faults.push(`berth ${berth} is taken`);
        berths.set(ship, berth);
      } else {
        seen.castOff += 1;
        if (berths.get(ship) !== berth) faults.push(`${ship} was not at berth ${berth}`);
        berths.delete(ship);
      }
    }
    t.same(faults, []);
    for (const [what, count] of Object.entries(seen)) t.ok(count > 20, `${count} times ${what}`);
  },
);
