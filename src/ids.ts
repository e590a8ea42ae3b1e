/**
 * Minted ids: `<seq>-<epoch>` with the epoch in base 36, and in mode `auto` behind `;` the upstream cursor that the event
 * follows (DESIGN §7). It owns the format in both directions and refuses to know any log.
 */

/** The longest minted id; with a longer upstream cursor the part behind `;` is left out. */
const MAX_BYTES = 512;
const MINTED = /^([1-9][0-9]{0,15})-([0-9a-z]{1,10})(?:;|$)/;

export interface MintedId {
  readonly seq: number;
  readonly epoch: number;
  /** The upstream id behind `;`, if any. */
  readonly cursor: Uint8Array | undefined;
}

/** The ASCII part of a minted id. */
export function mint(seq: number, epoch: number): string {
  return `${seq}-${epoch.toString(36)}`;
}

/** A minted id's bytes, with the upstream cursor behind it where that fits. */
export function mintBytes(seq: number, epoch: number, cursor: Uint8Array | undefined): Buffer {
  const head = mint(seq, epoch);
  if (cursor === undefined || head.length + 1 + cursor.length > MAX_BYTES) return Buffer.from(head, 'latin1');
  return Buffer.concat([Buffer.from(`${head};`, 'latin1'), cursor]);
}

/** Reads an id as one of ours; undefined when it isn't. */
export function parseMinted(id: Uint8Array): MintedId | undefined {
  const head = Buffer.from(id.buffer, id.byteOffset, Math.min(id.length, 32)).toString('latin1');
  const match = MINTED.exec(head);
  if (match === null || (match[0].length < id.length && !match[0].endsWith(';'))) return undefined;
  const seq = Number(match[1]);
  if (!Number.isSafeInteger(seq)) return undefined;
  const rest = id.subarray(match[0].length);
  return { seq, epoch: Number.parseInt(match[2]!, 36), cursor: rest.length > 0 ? rest : undefined };
}
