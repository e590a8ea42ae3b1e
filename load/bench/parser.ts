/** The parser against all others, on the same chunks: ratios of times, round by round. */
import { CASES, type Case, LARGE_IN_64K, LARGE_IN_1400 } from './cases.js';
import {
  CONTENDERS,
  type Contender,
  eventsourceParser,
  eventsourceParserLatin1,
  ours,
  Tally,
} from './contenders.js';
import { type Racer, race } from './rounds.js';
import { type Row, row } from './row.js';
import { summary } from './stats.js';

const SECTION = 'parser, times as fast as';
const rivals = CONTENDERS.filter((contender) => contender !== ours);

/** Every contender with a parser of its own, which goes on from pass to pass: the stream has no end. */
function racersFor({ name, parts, stream, without }: Case): Racer[] {
  const lengths = new Map<Contender['counts'], number>();
  return CONTENDERS.filter((contender) => contender.name !== without).map((contender) => {
    const tally = new Tally();
    const feed = contender.start(tally);
    return {
      name: contender.name,
      pass() {
        tally.events = 0;
        tally.length = 0;
        for (const part of parts) feed(part);
        const expected = lengths.get(contender.counts) ?? tally.length;
        lengths.set(contender.counts, expected);
        if (tally.events !== stream.events || tally.length !== expected || expected === 0) {
          throw new Error(
            `${name}: ${contender.name} found ${tally.events} events with ${tally.length} of data`,
          );
        }
      },
    };
  });
}

/** One of the cases, as our parser takes it. */
function ownRacer(name: string): Racer {
  const [racer] = racersFor(CASES.find((one) => one.name === name)!);
  return { name, pass: racer!.pass };
}

/** Rows of the whole section; `emit` gets each as soon as it is known. */
export function parserRows(rounds: number, emit: (row: Row) => void): void {
  for (const one of CASES) {
    const times = race(racersFor(one), rounds);
    const own = times.get(ours.name)!;
    const rate = (ns: readonly number[]) =>
      `${((one.stream.bytes.length / summary(ns).median) * 1e3).toFixed(0)} MB/s`;
    for (const rival of rivals) {
      const theirs = times.get(rival.name);
      if (theirs === undefined) continue;
      const ratios = summary(theirs.map((ns, round) => ns / own[round]!));
      let bar = rival === eventsourceParser ? one.bar : undefined;
      if (rival === eventsourceParserLatin1) bar = one.latin1;
      const note = `${rate(own)} : ${rate(theirs)}`;
      emit(row(SECTION, `${one.name} vs ${rival.name}`, 'x', ratios, { bar, note }));
    }
  }
  const times = race([ownRacer(LARGE_IN_64K), ownRacer(LARGE_IN_1400)], rounds);
  const small = times.get(LARGE_IN_1400)!;
  const ratios = summary(times.get(LARGE_IN_64K)!.map((ns, round) => ns / small[round]!));
  const bar = { must: 0.6, aim: 0.8, better: 'higher' } as const;
  emit(row(SECTION, 'events of 1 MiB, chunks of 1,400 B vs of 64 KiB', 'x', ratios, { bar }));
}
