/** What merging decided and met, added up over all services; kept only for those where there is something to tell. */
import type { MergingPolicy } from "../../config/sections/merging-schema.ts";
import type { MergedService } from "../merged-service.ts";

interface MergeReport {
  readonly policy: MergingPolicy | undefined;
  readonly conflicts: number;
  readonly shadows: readonly { readonly registry: string; readonly missing: number; readonly extra: number }[];
  /** A lower tier serves, or a change of tiers is pending. */
  readonly pending: boolean;
}

export interface MergeTotals {
  /** Services that several registries give, by policy. */
  readonly services: ReadonlyMap<MergingPolicy, number>;
  /** What registries say differently of the same endpoint or port. */
  readonly conflicts: number;
  /** Services whose registry is about to change under `priority`. */
  readonly pending: number;
  /** By registry that shadows: endpoints that it lacks, and that it alone names. */
  readonly shadows: ReadonlyMap<string, { readonly missing: number; readonly extra: number }>;
}

export class MergeReports {
  readonly #reports = new Map<string, MergeReport>();

  /** @param key "namespace/host" */
  set(key: string, service: MergedService | undefined): void {
    const { decision, conflicts } = service ?? {};
    if (decision === undefined && conflicts === undefined) {
      if (this.#reports.size > 0) this.#reports.delete(key);
      return;
    }
    this.#reports.set(key, {
      policy: decision?.policy,
      conflicts: conflicts?.count ?? 0,
      shadows: decision?.shadows ?? [],
      pending: decision?.failover?.pending !== undefined,
    });
  }

  totals(): MergeTotals {
    const services = new Map<MergingPolicy, number>();
    const shadows = new Map<string, { missing: number; extra: number }>();
    let conflicts = 0;
    let pending = 0;
    for (const report of this.#reports.values()) {
      conflicts += report.conflicts;
      if (report.pending) pending += 1;
      if (report.policy) services.set(report.policy, (services.get(report.policy) ?? 0) + 1);
      for (const { registry, missing, extra } of report.shadows) {
        const sum = shadows.get(registry) ?? { missing: 0, extra: 0 };
        shadows.set(registry, { missing: sum.missing + missing, extra: sum.extra + extra });
      }
    }
    return { services, conflicts, pending, shadows };
  }
}
