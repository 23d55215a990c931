/** What of a registry's settings its session may depend on: when only the rest changes, it goes on untouched. */
import type { RegistryConfig } from "../config/schema.ts";

/** Read by the catalog alone. */
const catalogKeys: ReadonlySet<string> = new Set(["required", "naming", "enrich", "protection", "frozen", "paused", "release", "operator"]);

export function sessionSettings(config: RegistryConfig): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !catalogKeys.has(key)));
}
