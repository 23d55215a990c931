/**
 * Ready Istio objects by name, and the hosts they take. Where two registries give an object of
 * one name, the first in the configuration wins. A ready ServiceEntry wins against a generated
 * one that has its host (in any namespace) or its name.
 */
import type { IstioResource } from "../registries/service.ts";

interface Claim {
  readonly registry: string;
  readonly itemId: string;
  readonly takes: readonly string[];
}

export class ReadyResources {
  readonly #claims = new Map<string, Claim[]>();
  /** Host or "namespace/name" → the winning objects that take it. */
  readonly #taken = new Map<string, Set<string>>();
  readonly #priority: (registry: string) => number;

  /** `priority`: position of a registry in the configuration. */
  constructor(priority: (registry: string) => number) {
    this.#priority = priority;
  }

  keys(): Iterable<string> {
    return this.#claims.keys();
  }

  /** Adds or replaces a registry's object; gives the hosts and names whose holder may be another one now. */
  set(key: string, registry: string, itemId: string, resource: IstioResource): readonly string[] {
    return this.#change(key, (claims) => [
      ...claims.filter((claim) => claim.registry !== registry),
      { registry, itemId, takes: takenBy(resource) },
    ]);
  }

  delete(key: string, registry: string): readonly string[] {
    return this.#change(key, (claims) => claims.filter((claim) => claim.registry !== registry));
  }

  /** After the order of the registries changed. */
  reorder(): void {
    for (const key of [...this.#claims.keys()]) this.#change(key, (claims) => claims);
  }

  /** Whose object is served under a key, and the registries whose object is not. */
  winner(key: string): { readonly registry: string; readonly itemId: string; readonly losers: readonly string[] } | undefined {
    const [first, ...rest] = this.#claims.get(key) ?? [];
    return first && { registry: first.registry, itemId: first.itemId, losers: rest.map((claim) => claim.registry) };
  }

  /** The object that takes this host or this name, or undefined. */
  blocking(namespace: string, host: string): string | undefined {
    if (!this.takesAny) return undefined;
    const keys = [...(this.#taken.get(host) ?? []), ...(this.#taken.get(`${namespace}/${host}`) ?? [])];
    return keys.sort()[0];
  }

  /** The served objects that take a host, or are called "namespace/name"; sorted. */
  taking(hostOrName: string): readonly string[] {
    return [...(this.#taken.get(hostOrName) ?? [])].sort();
  }

  /** Every host that a ready ServiceEntry takes, and every "namespace/name" of one. */
  taken(): Iterable<string> {
    return this.#taken.keys();
  }

  get takesAny(): boolean {
    return this.#taken.size > 0;
  }

  #change(key: string, edit: (claims: readonly Claim[]) => readonly Claim[]): readonly string[] {
    const before = this.#claims.get(key) ?? [];
    const after = [...edit(before)].sort((one, other) => this.#priority(one.registry) - this.#priority(other.registry));
    const old = before[0]?.takes ?? [];
    const now = after[0]?.takes ?? [];
    for (const taken of old) {
      const holders = this.#taken.get(taken);
      holders?.delete(key);
      if (holders?.size === 0) this.#taken.delete(taken);
    }
    for (const taken of now) {
      const holders = this.#taken.get(taken);
      if (holders === undefined) this.#taken.set(taken, new Set([key]));
      else holders.add(key);
    }
    if (after.length === 0) this.#claims.delete(key);
    else this.#claims.set(key, after);
    return [...new Set([...old, ...now])];
  }
}

function takenBy({ kind, metadata, spec }: IstioResource): readonly string[] {
  if (kind !== "ServiceEntry") return [];
  const hosts = Array.isArray(spec.hosts) ? spec.hosts.filter((host) => typeof host === "string") : [];
  return [...hosts.map((host) => host.toLowerCase()), `${metadata.namespace}/${metadata.name}`];
}
