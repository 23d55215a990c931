/**
 * Which services each application calls, over all interfaces, told as facts: what a Sidecar of that
 * application would have to let through. Kept over all sessions of one worker.
 */
import type { Emitter, Listing } from "../contract.ts";
import { type Item, itemId, keyText, type ServiceKey } from "../service.ts";

/** Of an application that calls more, nothing is told: half of its calls would cut the other half off. */
const maxCalls = 10_000;

export class ApplicationCalls {
  /** By application, then by the interface's directory. */
  readonly #calls = new Map<string, Map<string, readonly ServiceKey[]>>();
  /** By directory. */
  readonly #applications = new Map<string, readonly string[]>();
  /** Applications whose calls are others than those that were told. */
  readonly #changed = new Set<string>();
  /** Ids of facts of earlier workers that this one has not told. */
  readonly #inherited: Set<string>;

  /** @param inherited ids of items */
  constructor(inherited: readonly string[]) {
    this.#inherited = new Set(inherited.filter((id) => id.startsWith("fact/")));
  }

  /** Who calls an interface's services. */
  set(directory: string, calls: ReadonlyMap<string, readonly ServiceKey[]>): void {
    for (const application of this.#applications.get(directory) ?? []) if (!calls.has(application)) this.#remove(application, directory);
    if (calls.size === 0) this.#applications.delete(directory);
    else this.#applications.set(directory, [...calls.keys()]);
    for (const [application, keys] of calls) {
      const byDirectory = this.#calls.get(application) ?? new Map<string, readonly ServiceKey[]>();
      this.#calls.set(application, byDirectory);
      if (textOf(byDirectory.get(directory) ?? []) === textOf(keys)) continue;
      byDirectory.set(directory, keys);
      this.#changed.add(application);
    }
  }

  /** The interface is gone. */
  delete(directory: string): void {
    this.set(directory, new Map());
  }

  /** Tells the applications whose calls changed. */
  tell(emit: Pick<Emitter, "changed" | "removed" | "problem">): void {
    for (const application of this.#changed) {
      const fact = this.#fact(application);
      this.#inherited.delete(itemId(fact ?? empty(application)));
      if (fact) emit.changed(fact);
      else emit.removed(itemId(empty(application)));
      const count = this.#count(application);
      if (count > maxCalls) {
        emit.problem({ code: "too-many-calls", where: application, message: `${count} services; none of its calls is told` });
      }
    }
    this.#changed.clear();
  }

  /** As `tell`, once every interface's consumers were read: what earlier workers told and nobody says any more is gone. */
  settle(emit: Pick<Emitter, "changed" | "removed" | "problem">): void {
    this.tell(emit);
    for (const id of this.#inherited) emit.removed(id);
    this.#inherited.clear();
  }

  /** Takes part in a complete listing, although consumers are read behind it. */
  list(listing: Pick<Listing, "add" | "keep">): void {
    for (const application of this.#calls.keys()) {
      const fact = this.#fact(application);
      if (fact) listing.add(fact);
    }
    for (const id of this.#inherited) listing.keep(id);
  }

  #remove(application: string, directory: string): void {
    const byDirectory = this.#calls.get(application);
    if (!byDirectory?.delete(directory)) return;
    if (byDirectory.size === 0) this.#calls.delete(application);
    this.#changed.add(application);
  }

  #count(application: string): number {
    let count = 0;
    for (const keys of this.#calls.get(application)?.values() ?? []) count += keys.length;
    return count;
  }

  /** Undefined: there is nothing to tell. */
  #fact(application: string): Item | undefined {
    const count = this.#count(application);
    if (count === 0 || count > maxCalls) return undefined;
    const keys = [...(this.#calls.get(application)?.values() ?? [])].flat();
    const calls = keys.map((key) => [keyText(key), key] as const).sort(([a], [b]) => (a < b ? -1 : 1));
    return { kind: "fact", fact: { subject: "application", name: application, calls: calls.map(([, key]) => key) } };
  }
}

function empty(application: string): Item {
  return { kind: "fact", fact: { subject: "application", name: application } };
}

function textOf(keys: readonly ServiceKey[]): string {
  return keys.map(keyText).join("\n");
}
