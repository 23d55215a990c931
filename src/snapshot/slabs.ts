/** Holds several hundred messages. */
const slabBytes = 1 << 20;

/**
 * Keeps many short-lived byte strings in few allocations. Ten thousand small ones, freed one by one, leave holes that
 * the process keeps for good; a slab goes as a whole, when nobody refers to any of its pieces.
 *
 * A slab is a resizable ArrayBuffer, although its size never changes: V8 maps those from the system and unmaps them,
 * while others come from malloc, which does not give back what it once had (measured: 17 MB of 19). Byte by byte they are
 * slow; they are written and read in whole pieces.
 */
export class Slabs {
  #slab = new ArrayBuffer(0);
  #used = 0;

  /** A copy of the bytes that stays as it is. Who keeps it keeps the slab. */
  copy(bytes: Uint8Array): Uint8Array {
    if (this.#used + bytes.length > this.#slab.byteLength) {
      const size = Math.max(slabBytes, bytes.length);
      this.#slab = new ArrayBuffer(size, { maxByteLength: size });
      this.#used = 0;
    }
    const copy = new Uint8Array(this.#slab, this.#used, bytes.length);
    copy.set(bytes);
    this.#used += bytes.length;
    return copy;
  }
}
