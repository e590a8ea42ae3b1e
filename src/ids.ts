/**
 * Minted ids: `<seq>-<epoch>` with the epoch in base 36, and in mode `auto` behind `;` the upstream cursor that the event
 * follows (DESIGN §7). It owns the format in both directions and refuses to know any log.
 */

/** The longest minted id; with a longer upstream cursor the part behind `;` is left out. */
const MAX_BYTES = 512;
const ZERO = 0x30;
const NINE = 0x39;
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

/** Mints the ids of consecutive events without making anything per event: the last id is counted up where it stands. */
export class Minter {
  #bytes = new Uint8Array(0);
  #digits = 0;
  #seq = -1;
  #epoch = -1;

  /** The bytes of `mint(seq, epoch)`, valid until the next call. */
  id(seq: number, epoch: number): Uint8Array {
    if (seq !== this.#seq + 1 || epoch !== this.#epoch || !this.#countUp()) {
      const text = mint(seq, epoch);
      this.#bytes = Uint8Array.from(text, (_, k) => text.charCodeAt(k));
      this.#digits = text.indexOf('-');
    }
    this.#seq = seq;
    this.#epoch = epoch;
    return this.#bytes;
  }

  /** False: the number would need one digit more. */
  #countUp(): boolean {
    for (let k = this.#digits - 1; k >= 0; k--) {
      if (this.#bytes[k] !== NINE) {
        this.#bytes[k]! += 1;
        return true;
      }
      this.#bytes[k] = ZERO;
    }
    return false;
  }
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
