/** Measures by the names of a command line. */
import { MEASURES } from './measures/index.js';
import type { Measure } from './measures/measure.js';

/** Those named, comma-separated, in the order of the report; all without a list. @throws Error for a name that is none */
export function chosenMeasures(list: string | undefined): readonly Measure[] {
  if (list === undefined) return MEASURES;
  const wanted = list.split(',');
  const known = MEASURES.map(({ name }) => name);
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Error(`no such measure: ${unknown.join(', ')}; there are ${known.join(', ')}`);
  return MEASURES.filter(({ name }) => wanted.includes(name));
}
