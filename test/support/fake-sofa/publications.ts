/** What a fake SOFARegistry knows of who publishes what. */

export interface Publisher {
  readonly zone: string;
  readonly data: readonly string[];
}

interface Datum {
  version: bigint;
  readonly publishers: Map<string, Publisher>;
}

/** Of an id that nobody ever published. */
const unknown = 1n;

export class Publications {
  readonly #data = new Map<string, Datum>();
  readonly #changed: (id: string) => void;
  /** As a server of version 6 counts: far beyond what a number holds exactly. */
  #version = 2n ** 53n + 1n;

  constructor(changed: (id: string) => void) {
    this.#changed = changed;
  }

  /** Ids that were ever published, also those that nobody publishes now. */
  get ids(): string[] {
    return [...this.#data.keys()];
  }

  get(id: string): { readonly version: bigint; readonly publishers: ReadonlyMap<string, Publisher> } {
    return this.#data.get(id) ?? { version: unknown, publishers: new Map() };
  }

  put(id: string, registId: string, publisher: Publisher): void {
    const datum = this.#data.get(id) ?? { version: unknown, publishers: new Map() };
    this.#data.set(id, datum);
    datum.publishers.set(registId, publisher);
    datum.version = this.#version++;
    this.#changed(id);
  }

  remove(id: string, registId: string): void {
    const datum = this.#data.get(id);
    if (!datum?.publishers.delete(registId)) return;
    datum.version = this.#version++;
    this.#changed(id);
  }

  /** As data servers do some time after the last publisher left. Nobody is told. */
  forget(id: string): void {
    this.#data.delete(id);
  }

  /** As after a restart of the servers. Nobody is told. */
  clear(): void {
    this.#data.clear();
  }
}
