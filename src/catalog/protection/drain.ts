/** When the endpoints of a registry that is out of reach leave, if they ever do. */
import type { ProtectionConfig } from "../../config/schema.ts";
import type { RegistryStatus } from "../../registries/feed.ts";

/**
 * Epoch ms; undefined: never, as things are.
 *
 * @param resumed when a pause ended, in epoch ms: time in which the registry was not asked does not count
 */
export function drainAt(status: RegistryStatus | undefined, rules: ProtectionConfig, resumed: number): number | undefined {
  if (rules.unreachable !== "drain" || status?.phase !== "stale") return undefined;
  return Math.max(status.lastContact || status.since, resumed) + rules.drainAfter;
}
