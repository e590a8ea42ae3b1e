/**
 * Cuts drawn at random, the same for the same seed: after how many bytes, where exactly, and how.
 * It refuses luck where a promise is made: a third of the cuts lies inside an event whatever is drawn.
 */
import { seededRandom } from './manual-clock.js';

/** `offset`: exactly there · `inside`: at the first byte from there on inside an event · `boundary`: … outside of any. */
export type CutWhere = 'offset' | 'inside' | 'boundary';
/** A FIN behind the last byte, or an RST. */
export type CutHow = 'fin' | 'rst';

export interface Kill {
  /** Bytes from server to client on the connection that is cut. */
  readonly after: number;
  readonly where: CutWhere;
  readonly how: CutHow;
}

export interface KillScheduleOptions {
  /** Range of `after`, in bytes; default 300 (behind a small head) to 20,000. */
  readonly minBytes?: number;
  readonly maxBytes?: number;
}

/** `times` kills, at least a third of them `inside`, in shuffled order. */
export function killSchedule(seed: number, times: number, options: KillScheduleOptions = {}): Kill[] {
  const { minBytes = 300, maxBytes = 20_000 } = options;
  const random = seededRandom(seed);
  const others: CutWhere[] = ['offset', 'inside', 'boundary'];
  const kills = Array.from({ length: times }, (_, at): Kill => {
    const drawn = others[Math.floor(random() * others.length)]!;
    return {
      after: minBytes + Math.floor(random() * (maxBytes - minBytes + 1)),
      where: at < Math.ceil(times / 3) ? 'inside' : drawn,
      how: random() < 0.5 ? 'fin' : 'rst',
    };
  });
  for (let at = kills.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    [kills[at], kills[other]] = [kills[other]!, kills[at]!];
  }
  return kills;
}
