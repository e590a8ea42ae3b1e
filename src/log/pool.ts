/**
 * Slabs: the memory that segments and batches are made of, handed out in five size classes and taken back for reuse.
 * It refuses to know what is in a slab, who pins it, and how much all logs may hold (that is the budget's).
 */

const KIB = 1024;
/** The smallest slab, and the largest that is pooled; in between every power of two. */
export const MIN_SLAB_BYTES = 4 * KIB;
export const MAX_SLAB_BYTES = 64 * KIB;
const CLASS_COUNT = 5;
const MIN_SLAB_BITS = 12;

/** What released slabs are filled with under `poison`. */
export const POISON = 0xdb;

export interface SlabPoolOptions {
  /** `false`: every slab is freshly allocated and dropped; what is read and written is identical. Default true. */
  readonly enabled?: boolean;
  /** Fill released slabs with 0xDB, and check on reuse that nobody wrote to one meanwhile. For tests. Default false. */
  readonly poison?: boolean;
  /** Bytes of free slabs that are kept for reuse. Default 16 MiB. */
  readonly retainBytes?: number;
}

export interface SlabPoolStats {
  /** Slabs handed out again, and slabs that had to be allocated (those above 64 KiB always are). */
  readonly hits: number;
  readonly misses: number;
  /** Bytes handed out and not yet released; bytes kept free. */
  readonly inUseBytes: number;
  readonly retainedBytes: number;
}

export class SlabPool {
  readonly #enabled: boolean;
  readonly #retainBytes: number;
  readonly #free: Buffer[][] = Array.from({ length: CLASS_COUNT }, () => []);
  readonly #stats = { hits: 0, misses: 0, inUseBytes: 0, retainedBytes: 0 };
  /** Under `poison`: what is handed out, so that a second release is found where it happens. */
  readonly #lent: Set<Buffer> | undefined;

  constructor(options: SlabPoolOptions = {}) {
    this.#enabled = options.enabled ?? true;
    this.#retainBytes = options.retainBytes ?? 16 * KIB * KIB;
    this.#lent = options.poison ? new Set() : undefined;
  }

  /** Live counters, not a copy. */
  get stats(): SlabPoolStats {
    return this.#stats;
  }

  /**
   * A slab of at least `size` bytes with arbitrary content: the smallest class that fits, or above 64 KiB exactly
   * `size`.
   */
  acquire(size: number): Buffer {
    let slab = this.#free[classOf(size)]?.pop();
    if (slab) {
      this.#stats.hits++;
      this.#stats.retainedBytes -= slab.length;
      if (this.#lent) assertPoisoned(slab);
    } else {
      this.#stats.misses++;
      slab = Buffer.allocUnsafeSlow(slabBytesFor(size));
    }
    this.#stats.inUseBytes += slab.length;
    this.#lent?.add(slab);
    return slab;
  }

  /**
   * Takes a slab back. The caller must not touch it again.
   * @throws {Error} under `poison`, when the slab is not one that was acquired and not yet released
   */
  release(slab: Buffer): void {
    if (this.#lent) {
      if (!this.#lent.delete(slab)) throw new Error('slab released twice, or not acquired here');
      slab.fill(POISON);
    }
    this.#stats.inUseBytes -= slab.length;
    if (!this.#enabled || slab.length > MAX_SLAB_BYTES) return;
    if (this.#stats.retainedBytes + slab.length > this.#retainBytes) return;
    this.#stats.retainedBytes += slab.length;
    this.#free[classOf(slab.length)]?.push(slab);
  }
}

/** Length of the slab that `acquire` hands out for `size` bytes. */
export function slabBytesFor(size: number): number {
  return size > MAX_SLAB_BYTES ? size : MIN_SLAB_BYTES << classOf(size);
}

/** Index of the smallest class that holds `size` bytes; `CLASS_COUNT` when none does. */
function classOf(size: number): number {
  if (size <= MIN_SLAB_BYTES) return 0;
  if (size > MAX_SLAB_BYTES) return CLASS_COUNT;
  return 32 - Math.clz32(size - 1) - MIN_SLAB_BITS;
}

function assertPoisoned(slab: Buffer): void {
  for (let i = 0; i < slab.length; i++) {
    if (slab[i] !== POISON) throw new Error(`slab written to after its release (offset ${i})`);
  }
}
