import { KnownInterface } from "./known-interface.ts";

/** What is remembered of a root over all sessions of one worker. */
export class KnownInterfaces {
  /** By directory name. */
  readonly #byDirectory = new Map<string, KnownInterface>();
  /** The root existed when it was last read. */
  rootSeen = false;

  get(directory: string): KnownInterface | undefined {
    return this.#byDirectory.get(directory);
  }

  ensure(directory: string, name: string): KnownInterface {
    let known = this.#byDirectory.get(directory);
    if (!known) {
      known = new KnownInterface(name);
      this.#byDirectory.set(directory, known);
    }
    return known;
  }

  delete(directory: string): void {
    this.#byDirectory.delete(directory);
  }

  entries(): Iterable<[directory: string, known: KnownInterface]> {
    return this.#byDirectory;
  }

  /** Forgets every interface that is not among these. */
  retain(directories: ReadonlySet<string>): void {
    for (const directory of this.#byDirectory.keys()) if (!directories.has(directory)) this.#byDirectory.delete(directory);
  }
}
