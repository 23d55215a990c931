/** What counts as a mass removal: of a registry, and of one service. */
import type { ProtectionConfig } from "../../config/schema.ts";

/** Both must be exceeded. */
export interface RemovalLimit {
  /** Share of the endpoints, 0 … 1. */
  readonly ratio: number;
  readonly endpoints: number;
}

export function registryLimit({ massRemovalRatio, massRemovalEndpoints }: ProtectionConfig): RemovalLimit {
  return { ratio: massRemovalRatio, endpoints: massRemovalEndpoints };
}

export function serviceLimit({ serviceRemovalRatio, serviceRemovalEndpoints }: ProtectionConfig): RemovalLimit {
  return { ratio: serviceRemovalRatio, endpoints: serviceRemovalEndpoints };
}

/** Whether going from `peak` to `left` endpoints within the window is one. A single 1 → 0 never is. */
export function isMassRemoval(peak: number, left: number, { ratio, endpoints }: RemovalLimit): boolean {
  const gone = peak - left;
  return gone > 1 && gone > endpoints && gone > ratio * peak;
}
