/** What the catalog tells about its registries, for metrics, `check` and the admin API. */
import type { Problem } from "../registries/contract.ts";
import type { RegistryStatus } from "../registries/feed.ts";
import type { Source } from "./source.ts";
import { type ProtectionReport, protectionReport } from "./view/protection-report.ts";

export interface RegistryReport {
  readonly id: string;
  readonly type: string;
  readonly required: boolean;
  readonly status: RegistryStatus;
  /** Seconds since the last proven contact while the registry is not live; 0 while it is. */
  readonly staleSeconds: number;
  readonly services: number;
  /** Served endpoints, the held ones among them. */
  readonly endpoints: number;
  readonly resources: number;
  readonly facts: number;
  readonly protection: ProtectionReport;
  /** Its endpoints left because it was out of reach for too long (`unreachable: drain`). */
  readonly drained: boolean;
  readonly events: { readonly upsert: number; readonly remove: number; readonly listing: number };
  readonly problems: Readonly<Record<string, number>>;
  /** The latest ones, oldest first. */
  readonly recentProblems: readonly Problem[];
  /** Texts that were no item, and facts above the limit. */
  readonly skipped: { readonly malformed: number; readonly overLimit: number };
}

export function registryReport({ config, view, events, problemCounts, recentProblems }: Source, now: number): RegistryReport {
  const { status } = view;
  const { counts } = view.items;
  return {
    id: config.id,
    type: config.type,
    required: config.required,
    status,
    staleSeconds: status.phase === "live" ? 0 : Math.max(0, now - (status.lastContact || status.since)) / 1000,
    services: counts.service,
    endpoints: view.endpoints,
    resources: counts.resource,
    facts: counts.fact,
    protection: protectionReport(view),
    drained: view.isDrained,
    events: { ...events },
    problems: Object.fromEntries(problemCounts),
    recentProblems: [...recentProblems],
    skipped: view.skipped,
  };
}
