import type { EurekaInstance } from "./instance.ts";
import type { Status } from "./status.ts";

/**
 * How Eureka compares two copies: `DOWN_1_UP_19_`, for each status there is how many instances have it, over all
 * applications and before any filter; empty for none. It is a count: an instance in place of another goes unseen.
 */
export function hashCodeOf(instances: Iterable<Pick<EurekaInstance, "status">>): string {
  const counts = new Map<Status, number>();
  for (const { status } of instances) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts.keys()]
    .sort()
    .map((status) => `${status}_${counts.get(status)}_`)
    .join("");
}
