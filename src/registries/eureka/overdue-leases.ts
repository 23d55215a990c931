/**
 * Self-preservation, as far as it can be seen from outside: no API tells of it. A server that gets too few renewals
 * evicts nobody any more, so instances stay whose leases have long been over.
 */
import type { EurekaInstance } from "./wire/instance.ts";

/** A server's answers are up to 180 s old, and its copy of them 30 s. */
const copyAge = 210_000;
/** A server looks for what to evict once a minute. */
const evictionGap = 60_000;

/**
 * Instances whose lease was over when the copy was made, and should have been evicted.
 * @param date epoch ms of the answer, by the server's clock
 */
export function overdue(instances: readonly EurekaInstance[], date: number | undefined): EurekaInstance[] {
  // The copy holds what was written at these times, so it was made later.
  let madeAt = (date ?? 0) - copyAge;
  for (const { updatedAt } of instances) if (updatedAt <= (date ?? updatedAt)) madeAt = Math.max(madeAt, updatedAt);
  return instances.filter(({ lease }) => lease !== undefined && madeAt > lease.renewedAt + lease.duration + evictionGap);
}
