/**
 * Looks at four bytes at a time. For what is only a few words long that is cheaper than a call into native code, whose
 * price is that of some sixty bytes. It refuses to know what it looks for means.
 */

/** Making a view costs as much as a few searches. */
const MIN_BYTES = 1_024;
/** Beyond that many bytes the native search would have been the better choice. */
const REACH = 96;

const ONES = 0x01010101;
const TOPS = 0x80808080 | 0;

/** The bytes as words; undefined when they are too few to be worth it. */
export function wordsOf(bytes: Uint8Array): DataView | undefined {
  return bytes.length < MIN_BYTES ? undefined : new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/**
 * Offset of the first `byte` in `from … to`, of which it looks at `REACH` bytes; when it is not there, the complement
 * (`~`) of the offset from which it is still to be looked for.
 */
export function nearby(words: DataView, byte: number, from: number, to: number): number {
  const same = byte * ONES;
  const last = Math.min(to, from + REACH) - 4;
  let at = from;
  for (; at <= last; at += 4) {
    // The lowest byte of the word that equals `byte` has become 0, and its top bit is the lowest that is set here.
    const differing = words.getInt32(at, true) ^ same;
    const zeros = (differing - ONES) & ~differing & TOPS;
    if (zeros !== 0) return at + ((31 - Math.clz32(zeros & -zeros)) >> 3);
  }
  return ~at;
}
