/** The services of one registry that have host names among their addresses, and which of them use a name. */
import type { Service } from "../service.ts";

export interface NamedService {
  readonly names: readonly string[];
  /** As its session told it: text, because that shares no memory with what it was cut from. */
  readonly text: string;
  /** Main knows it from this worker. */
  told: boolean;
  /** Main knows it from an earlier worker. */
  readonly inherited: boolean;
}

/** Counts the users of a name; false: the name is one too many. */
export interface NameUse {
  follow(name: string): boolean;
  release(name: string): void;
}

export class NamedServices {
  readonly #use: NameUse;
  readonly #services = new Map<string, NamedService>();
  readonly #users = new Map<string, Set<string>>();

  constructor(use: NameUse) {
    this.#use = use;
  }

  get size(): number {
    return this.#services.size;
  }

  /** By item id. */
  entries(): Iterable<[id: string, service: NamedService]> {
    return this.#services;
  }

  get(id: string): NamedService | undefined {
    return this.#services.get(id);
  }

  /** Ids of the services that use a name. */
  users(name: string): readonly string[] {
    return [...(this.#users.get(name) ?? [])];
  }

  /**
   * Takes a service in, or another state of it.
   * @returns the names that are too many
   */
  put(id: string, service: Service, names: readonly string[], inherited: boolean): readonly string[] {
    const before = this.#services.get(id);
    const followed = names.filter((name) => this.#join(name, id));
    for (const name of before?.names ?? []) if (!followed.includes(name)) this.#leave(name, id);
    this.#services.set(id, {
      names: followed,
      text: JSON.stringify(service),
      told: before?.told ?? false,
      inherited: before?.inherited ?? inherited,
    });
    return names.length === followed.length ? [] : names.filter((name) => !followed.includes(name));
  }

  delete(id: string): void {
    for (const name of this.#services.get(id)?.names ?? []) this.#leave(name, id);
    this.#services.delete(id);
  }

  #join(name: string, id: string): boolean {
    const users = this.#users.get(name);
    if (users?.has(id)) return true;
    if (!this.#use.follow(name)) return false;
    if (users) users.add(id);
    else this.#users.set(name, new Set([id]));
    return true;
  }

  #leave(name: string, id: string): void {
    const users = this.#users.get(name);
    if (!users?.delete(id)) return;
    if (users.size === 0) this.#users.delete(name);
    this.#use.release(name);
  }
}
