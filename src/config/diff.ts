import { isDeepStrictEqual } from "node:util";
import { startOnlySettings } from "./rules/start-only.ts";
import type { Config, RegistryConfig } from "./schema.ts";

/** A part of the configuration beside the registries. */
export type Section = Exclude<keyof Config, "registries">;

export interface RegistriesDiff {
  readonly added: readonly RegistryConfig[];
  /** Ids. */
  readonly removed: readonly string[];
  /** The new settings of registries that keep their id. */
  readonly changed: readonly RegistryConfig[];
  /** Those in both stand in another order: precedence in merging changes. */
  readonly reordered: boolean;
}

/** What a reload changes. */
export interface ConfigDiff {
  readonly registries: RegistriesDiff;
  readonly sections: readonly Section[];
  /** Changed settings that are read only at start, such as `xds.port`. */
  readonly needsRestart: readonly string[];
}

/** Compares what the configurations mean, not how they are written. */
export function diffConfig(old: Config, next: Config): ConfigDiff {
  const sections = (Object.keys({ ...old, ...next }) as (keyof Config)[]).filter((key): key is Section => key !== "registries");
  return {
    registries: diffRegistries(old.registries, next.registries),
    sections: sections.filter((section) => !isDeepStrictEqual(old[section], next[section])),
    needsRestart: startOnlySettings.filter((setting) => !isDeepStrictEqual(setting.read(old), setting.read(next))).map(({ name }) => name),
  };
}

export function diffRegistries(old: readonly RegistryConfig[], next: readonly RegistryConfig[]): RegistriesDiff {
  const before = new Map(old.map((registry) => [registry.id, registry]));
  const after = new Map(next.map((registry) => [registry.id, registry]));
  const changed = [...after.values()].filter((registry) => {
    const earlier = before.get(registry.id);
    return earlier !== undefined && !isDeepStrictEqual(earlier, registry);
  });
  const kept = [...before.keys()].filter((id) => after.has(id));
  return {
    added: [...after.values()].filter((registry) => !before.has(registry.id)),
    removed: [...before.keys()].filter((id) => !after.has(id)),
    changed,
    reordered: [...after.keys()].filter((id) => before.has(id)).some((id, index) => id !== kept[index]),
  };
}

/** Whether a reload changes nothing at all. */
export function isEmptyDiff({ registries, sections }: ConfigDiff): boolean {
  const { added, removed, changed, reordered } = registries;
  return !reordered && added.length + removed.length + changed.length + sections.length === 0;
}
