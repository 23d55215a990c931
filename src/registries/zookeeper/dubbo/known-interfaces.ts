import { ApplicationCalls } from "../../dubbo/application-calls.ts";
import { parseKeyText, type ServiceKey } from "../../service.ts";
import { KnownInterface } from "./known-interface.ts";

const servicePrefix = "service/";

/** What is remembered of a root over all sessions of one worker, and of what earlier workers told. */
export class KnownInterfaces {
  /** By directory name. */
  readonly #byDirectory = new Map<string, KnownInterface>();
  /** Who calls them. */
  readonly calls: ApplicationCalls;
  /** The root existed when it was last read. */
  rootSeen = false;
  /** What earlier workers told, by interface, until this one meets the interface. */
  readonly #inherited = new Map<string, ServiceKey[]>();

  /** @param inherited ids of items. */
  constructor(inherited: readonly string[]) {
    this.calls = new ApplicationCalls(inherited);
    for (const id of inherited) {
      if (!id.startsWith(servicePrefix)) continue;
      const key = parseKeyText(id.slice(servicePrefix.length));
      const keys = this.#inherited.get(key.name);
      if (keys) keys.push(key);
      else this.#inherited.set(key.name, [key]);
    }
  }

  get(directory: string): KnownInterface | undefined {
    return this.#byDirectory.get(directory);
  }

  /** As `get`, also for what only earlier workers knew: whatever they told goes on, empty if it has no providers now. */
  meet(directory: string, decoded: (directory: string) => string | undefined): KnownInterface | undefined {
    const known = this.get(directory);
    if (known || this.#inherited.size === 0) return known;
    const name = decoded(directory);
    const keys = name === undefined ? undefined : this.#inherited.get(name);
    if (name === undefined || !keys) return undefined;
    this.#inherited.delete(name);
    const met = this.ensure(directory, name);
    met.inherit(keys);
    return met;
  }

  /** Names of what earlier workers told and this one has not met so far. */
  get unmet(): string[] {
    return [...this.#inherited.keys()];
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
    this.calls.delete(directory);
  }

  directories(): Iterable<string> {
    return this.#byDirectory.keys();
  }

  entries(): Iterable<[directory: string, known: KnownInterface]> {
    return this.#byDirectory;
  }

  /** Forgets every interface that is not among these, and whatever earlier workers told of others. */
  retain(directories: ReadonlySet<string>): void {
    this.#inherited.clear();
    for (const directory of this.#byDirectory.keys()) if (!directories.has(directory)) this.delete(directory);
  }
}
