/**
 * Virtual addresses: which service has which address of the range, decided only by the set of
 * services that exist. Equal on every replica, after every restart, and whatever the order in
 * which services appeared; so a VIP is a pure function of registry data.
 *
 * Every key has its own sequence of addresses, made from its hash. An address belongs to the
 * smallest key that asks for it; whoever is refused or displaced asks for the next of its
 * sequence. As all addresses prefer keys in the same order, exactly one outcome is stable, and
 * any order of asking leads to it.
 *
 * The sequences are a promise: another hash would re-address every service.
 */
import { hash } from "node:crypto";
import { AddressRange } from "./cidr.ts";

/**
 * Addresses a key asks for before it goes without one. With 90 % of a range taken, so many refusals
 * in a row have a probability of 2e-12; the bound keeps an overfull range from eating the processor.
 */
const maxProbes = 256;

interface Holder {
  readonly key: string;
  readonly start: number;
  /** What the stride is made of. */
  readonly seed: number;
  /** From one address of the sequence to the next; 0 until it is needed: hardly any key has to ask twice. */
  stride: number;
  /** Inverse of the stride modulo the capacity: tells at which probe an address comes; 0 until it is needed. */
  inverse: number;
  /** Which address of its sequence it has or asks for; the length of the sequence if it goes without. */
  probe: number;
}

export class VipTable {
  readonly #range: AddressRange;
  readonly #probes: number;
  readonly #holders = new Map<string, Holder>();
  readonly #byAddress = new Map<number, Holder>();
  /** Those that do not have their first choice: only they can gain when somebody leaves. */
  readonly #displaced = new Set<Holder>();

  /** @throws TributaryError CONFIG_INVALID if the range is none */
  constructor(cidr: string) {
    this.#range = new AddressRange(cidr);
    this.#probes = Math.min(maxProbes, this.#range.capacity);
  }

  /** The key's address; undefined if it is unknown or the range had none left for it. */
  get(key: string): string | undefined {
    const holder = this.#holders.get(key);
    return holder && this.#addressText(holder);
  }

  get size(): number {
    return this.#holders.size;
  }

  /** Keys whose first choice belongs to a smaller key. */
  get displaced(): number {
    return this.#displaced.size;
  }

  /** Keys that go without an address. */
  get exhausted(): number {
    let count = 0;
    for (const holder of this.#displaced) if (holder.probe >= this.#probes) count++;
    return count;
  }

  /** Takes a key in. Returns the keys whose address is now another one, itself included if it has one; sorted. */
  assign(key: string): readonly string[] {
    if (this.#holders.has(key)) return [];
    const holder = this.#sequence(key);
    this.#holders.set(key, holder);
    if (!this.#byAddress.has(holder.start)) {
      this.#byAddress.set(holder.start, holder);
      return [key];
    }
    const before = new Map<Holder, number | undefined>([[holder, undefined]]);
    this.#settle(holder, before);
    return this.#changed(before);
  }

  /** Lets a key go. Returns the keys whose address is now another one, itself included if it had one; sorted. */
  release(key: string): readonly string[] {
    const holder = this.#holders.get(key);
    if (!holder) return [];
    this.#holders.delete(key);
    this.#displaced.delete(holder);
    const before = new Map<Holder, number | undefined>();
    // Whoever was refused what is free now takes it, and so frees what the next one may want.
    for (let freed = this.#address(holder); freed !== undefined; ) {
      this.#byAddress.delete(freed);
      const heir = this.#heirOf(freed);
      if (!heir) break;
      const left = this.#address(heir);
      if (!before.has(heir)) before.set(heir, left);
      heir.probe = this.#probeOf(heir, freed);
      if (heir.probe === 0) this.#displaced.delete(heir);
      this.#byAddress.set(freed, heir);
      freed = left;
    }
    const gone = holder.probe < this.#probes ? [key] : [];
    return [...gone, ...this.#changed(before)].sort();
  }

  #sequence(key: string): Holder {
    const digest = hash("sha256", key);
    const number = (from: number) => Number.parseInt(digest.slice(from, from + 12), 16);
    return { key, start: number(0) % this.#range.capacity, seed: number(12), stride: 0, inverse: 0, probe: 0 };
  }

  #strideOf(holder: Holder): number {
    if (holder.stride !== 0) return holder.stride;
    const { capacity } = this.#range;
    let stride = capacity === 1 ? 1 : 1 + (holder.seed % (capacity - 1));
    // A stride without common divisor visits every address before it repeats one.
    while (!areCoprime(stride, capacity)) stride = (stride % capacity) + 1;
    holder.stride = stride;
    return stride;
  }

  /** The smallest key that was refused an address. */
  #heirOf(address: number): Holder | undefined {
    let heir: Holder | undefined;
    for (const holder of this.#displaced) {
      if (this.#probeOf(holder, address) < holder.probe && (!heir || holder.key < heir.key)) heir = holder;
    }
    return heir;
  }

  /** At which place of a holder's sequence an address comes. */
  #probeOf(holder: Holder, address: number): number {
    const { capacity } = this.#range;
    if (holder.inverse === 0) holder.inverse = inverseOf(this.#strideOf(holder), capacity);
    // Exact: the largest range has 2^24 addresses.
    return (((address - holder.start + capacity) % capacity) * holder.inverse) % capacity;
  }

  #address(holder: Holder): number | undefined {
    if (holder.probe === 0) return holder.start;
    if (holder.probe >= this.#probes) return undefined;
    return (holder.start + holder.probe * this.#strideOf(holder)) % this.#range.capacity;
  }

  #addressText(holder: Holder): string | undefined {
    const address = this.#address(holder);
    return address === undefined ? undefined : this.#range.at(address);
  }

  /** Lets a holder without place ask on until it has one, and whomever it displaces after it. */
  #settle(newcomer: Holder, before: Map<Holder, number | undefined>): void {
    let asking: Holder | undefined = newcomer;
    while (asking) {
      const address = this.#address(asking);
      if (address === undefined) return;
      const owner = this.#byAddress.get(address);
      if (owner && owner.key < asking.key) {
        this.#refuse(asking);
        continue;
      }
      this.#byAddress.set(address, asking);
      if (owner) {
        if (!before.has(owner)) before.set(owner, address);
        this.#refuse(owner);
      }
      asking = owner;
    }
  }

  #refuse(holder: Holder): void {
    holder.probe++;
    this.#displaced.add(holder);
  }

  #changed(before: ReadonlyMap<Holder, number | undefined>): string[] {
    const changed: string[] = [];
    for (const [holder, address] of before) if (this.#address(holder) !== address) changed.push(holder.key);
    return changed.sort();
  }
}

function areCoprime(a: number, b: number): boolean {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return x === 1;
}

/** The number that times `value` is 1 modulo `modulus`; both have no common divisor. */
function inverseOf(value: number, modulus: number): number {
  let [x, y] = [value, modulus];
  let [factor, next] = [1, 0];
  while (y !== 0) {
    const quotient = Math.floor(x / y);
    [x, y] = [y, x - quotient * y];
    [factor, next] = [next, factor - quotient * next];
  }
  return ((factor % modulus) + modulus) % modulus;
}
