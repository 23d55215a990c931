/** Which groups and services are read, decided before anything is subscribed. */
import { nameFilter } from "../../name-filter.ts";
import type { Namespace } from "../access/namespaces.ts";
import { roleOf } from "../meaning/service-role.ts";
import { defaultGroup } from "../nacos-service.ts";
import type { NacosSettings } from "../settings.ts";

/** Stands for all namespaces, or all groups. */
export const all = "*";

export interface GroupPair {
  /** Id or show name of a namespace, or `*`. */
  readonly namespace: string;
  /** `*`: all. */
  readonly group: string;
}

/** `namespace:group`; what has no colon is a group in every namespace that is listed by itself. */
function readPair(text: string): GroupPair | undefined {
  const at = text.indexOf(":");
  return at < 0 ? undefined : { namespace: text.slice(0, at), group: text.slice(at + 1) };
}

export class WantedGroups {
  /** Groups of every namespace that is listed by itself. */
  readonly #plain: readonly string[];
  readonly #pairs: readonly GroupPair[];
  readonly #listed: readonly string[];

  constructor({ namespaces, groups }: Pick<NacosSettings, "namespaces" | "groups">) {
    this.#pairs = groups.flatMap((text) => readPair(text) ?? []);
    const plain = groups.filter((text) => !text.includes(":"));
    this.#plain = groups.length === 0 ? [defaultGroup] : plain;
    // Whoever writes nothing but pairs has named the namespaces there.
    this.#listed = namespaces ?? (plain.length > 0 || groups.length === 0 ? ["public"] : []);
  }

  /** Namespaces that are named, by id or show name; `*` among them: all. */
  get namespaces(): string[] {
    return [...new Set([...this.#listed, ...this.#pairs.map(({ namespace }) => namespace)])];
  }

  /** The groups to read of a namespace; undefined: all. */
  of({ id, name }: Namespace): readonly string[] | undefined {
    const isMeant = (text: string): boolean => text === all || text === id || text === name;
    const groups = new Set([
      ...(this.#listed.some(isMeant) ? this.#plain : []),
      ...this.#pairs.filter(({ namespace }) => isMeant(namespace)).map(({ group }) => group),
    ]);
    return groups.has(all) ? undefined : [...groups];
  }
}

/**
 * True for names of services that are read. Patterns are for the whole name, or for the interface in a name of Dubbo's.
 */
export function serviceFilter({ include, exclude, consumers }: Pick<NacosSettings, "include" | "exclude" | "consumers">) {
  const included = nameFilter(include, []);
  const excluded = nameFilter([], exclude);
  return (name: string): boolean => {
    const role = roleOf(name);
    if (role.role === "rules" || (role.role === "consumer" && !consumers)) return false;
    const names = "interface" in role ? [name, role.interface] : [name];
    return names.some(included) && names.every(excluded);
  };
}
