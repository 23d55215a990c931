import { hash } from "node:crypto";

/**
 * A digest of a set that does not depend on order or history: the sum, modulo 2^128, of a hash per
 * member. Members go in and out at the cost of one hash each. Immutable: `with` gives a new one.
 *
 * It compares replicas that trust each other; it is no proof against somebody who chooses members.
 */
export class SetDigest {
  static readonly empty = new SetDigest(0n);
  readonly #sum: bigint;

  private constructor(sum: bigint) {
    this.#sum = sum;
  }

  /** The digest after these members were added and removed. */
  with(added: Iterable<string>, removed: Iterable<string>): SetDigest {
    let sum = this.#sum;
    for (const member of added) sum += hashOf(member);
    for (const member of removed) sum -= hashOf(member);
    return new SetDigest(BigInt.asUintN(128, sum));
  }

  /** The digest of the union of disjoint sets, from their digests as text. */
  static union(digests: Iterable<string>): string {
    let sum = 0n;
    for (const digest of digests) sum += BigInt(`0x${digest}`);
    return new SetDigest(BigInt.asUintN(128, sum)).toString();
  }

  /** 32 hexadecimal digits. */
  toString(): string {
    return this.#sum.toString(16).padStart(32, "0");
  }
}

function hashOf(member: string): bigint {
  return BigInt(`0x${hash("sha256", member, "hex").slice(0, 32)}`);
}
