/**
 * Contenders by turns, so that a busy machine slows all of them. Each gets as many passes over the chunks as fill a few
 * hundredths of a second; what comes out is ns per pass and round. It refuses to know what a pass does.
 */

export interface Racer {
  readonly name: string;
  pass(): void;
}

/** What a turn takes at least; a clock tick or a collection is small against it. */
const TURN_NS = 25e6;

/** @returns ns per pass of each racer, by name, in the order of the rounds */
export function race(racers: readonly Racer[], rounds: number): Map<string, number[]> {
  const passes = new Map(racers.map((racer) => [racer, passesFor(racer)]));
  const times = new Map(racers.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (let k = 0; k < racers.length; k++) {
      // Another begins each round: nobody always runs behind the same one's garbage.
      const racer = racers[(k + round) % racers.length]!;
      times.get(racer.name)!.push(timed(racer, passes.get(racer)!));
    }
  }
  return times;
}

/** Runs until the code is compiled, then as often as a turn takes. */
function passesFor(racer: Racer): number {
  const warm = performance.now() + (3 * TURN_NS) / 1e6;
  let passes = 0;
  let ns = 0;
  do {
    ns = timed(racer, 1);
    passes += 1;
  } while (performance.now() < warm || passes < 2);
  return Math.max(1, Math.ceil(TURN_NS / ns));
}

function timed(racer: Racer, passes: number): number {
  const begin = process.hrtime.bigint();
  for (let n = 0; n < passes; n++) racer.pass();
  return Number(process.hrtime.bigint() - begin) / passes;
}
