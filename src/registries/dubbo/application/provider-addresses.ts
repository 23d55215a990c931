/**
 * Where interface-level providers are: tells which instances of applications are known at that level, too. It is kept
 * only while somebody asks.
 */
export class ProviderAddresses {
  /** `address:port` of an interface's providers, by the interface's directory. */
  readonly #byDirectory = new Map<string, readonly string[]>();
  /** In how many interfaces each occurs. */
  readonly #counts = new Map<string, number>();
  #isKept = false;

  get isKept(): boolean {
    return this.#isKept;
  }

  /** From here on every interface that is read has to be set. */
  keep(): void {
    this.#isKept = true;
  }

  drop(): void {
    this.#isKept = false;
    this.#byDirectory.clear();
    this.#counts.clear();
  }

  /** @returns whether anything is different from before */
  set(directory: string, addresses: readonly string[]): boolean {
    const now = [...new Set(addresses)];
    const before = this.#byDirectory.get(directory) ?? [];
    if (now.length === before.length && now.every((address, at) => address === before[at])) return false;
    if (now.length === 0) this.#byDirectory.delete(directory);
    else this.#byDirectory.set(directory, now);
    for (const address of now) this.#counts.set(address, (this.#counts.get(address) ?? 0) + 1);
    for (const address of before) {
      const count = this.#counts.get(address)! - 1;
      if (count === 0) this.#counts.delete(address);
      else this.#counts.set(address, count);
    }
    return true;
  }

  /** Forgets the interfaces that are not among these. */
  retain(directories: ReadonlySet<string>): void {
    for (const directory of this.#byDirectory.keys()) if (!directories.has(directory)) this.set(directory, []);
  }

  has(address: string, port: number): boolean {
    return this.#counts.has(addressText(address, port));
  }
}

export function addressText(address: string, port: number): string {
  return `${address}:${port}`;
}
