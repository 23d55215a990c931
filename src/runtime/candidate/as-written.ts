/**
 * Configurations as they are written: with references instead of what they stand for. Two of them
 * are compared in this form, because one side's references are not resolved.
 */
import type { Config, MeshConfig, RegistryConfig } from "../../config/schema.ts";

/** `written`: by the JSON text of a path. What a path names may have been made into something else; it is replaced as a whole. */
export function asWritten(config: Config, written: ReadonlyMap<string, string>): Config {
  if (written.size === 0) return config;
  const copy = structuredClone(config);
  for (const [pathText, text] of written) {
    const path = JSON.parse(pathText) as (string | number)[];
    const last = path.pop();
    let parent: unknown = copy;
    for (const part of path) parent = isObject(parent) ? parent[part] : undefined;
    if (last !== undefined && isObject(parent) && Object.hasOwn(parent, last)) parent[last] = text;
  }
  return copy;
}

/**
 * The candidate with the running values wherever both are written alike: an unresolved reference
 * that is already in effect at the same place keeps its meaning, and no other gets one.
 */
export function withRunningValues(
  candidate: { readonly config: Config; readonly written: Config },
  running: { readonly config: Config; readonly written: Config },
): Config {
  const registries = candidate.config.registries.map((registry, at) => {
    const written = candidate.written.registries[at];
    const index = running.written.registries.findIndex(({ id }) => id === written?.id);
    const before = running.config.registries[index];
    if (written === undefined || before === undefined) return registry;
    return alike(registry, written, before, running.written.registries[index] ?? before) as RegistryConfig;
  });
  const mesh = alike(candidate.config.mesh, candidate.written.mesh, running.config.mesh, running.written.mesh) as MeshConfig;
  return { ...candidate.config, registries, mesh };
}

/** Key by key, into sections. */
function alike(value: unknown, written: unknown, running: unknown, runningWritten: unknown): unknown {
  if (JSON.stringify(written) === JSON.stringify(runningWritten)) return running;
  if (!isPlain(value) || !isPlain(written) || !isPlain(running) || !isPlain(runningWritten)) return value;
  return Object.fromEntries(
    Object.keys(value).map((key) => [
      key,
      key in running ? alike(value[key], written[key], running[key], runningWritten[key]) : value[key],
    ]),
  );
}

/** The keys in which two sections differ, those of sections in them joined by dots. */
export function differingKeys(one: unknown, other: unknown, path = ""): readonly string[] {
  if (JSON.stringify(one) === JSON.stringify(other)) return [];
  if (!isPlain(one) || !isPlain(other)) return [path];
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])].sort();
  return keys.flatMap((key) => differingKeys(one[key], other[key], path === "" ? key : `${path}.${key}`));
}

function isObject(value: unknown): value is Record<string | number, unknown> {
  return typeof value === "object" && value !== null;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return isObject(value) && !Array.isArray(value);
}
