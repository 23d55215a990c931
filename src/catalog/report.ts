/** What the catalog tells about itself, for metrics, `check` and `why`. */

import { hostKey } from "../naming/collisions.ts";
import type { Problem } from "../registries/contract.ts";
import type { RegistryStatus } from "../registries/feed.ts";
import type { ReadyResources } from "./ready-resources.ts";
import type { Hold } from "./restart-hold.ts";
import type { ServiceIndex } from "./service-index.ts";
import type { Source } from "./source.ts";

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
  /** Open holds, and what they keep. */
  readonly holds: readonly Hold[];
  readonly heldItems: number;
  readonly heldEndpoints: number;
  /** Its endpoints left because it was out of reach for too long (`unreachable: drain`). */
  readonly drained: boolean;
  readonly events: { readonly upsert: number; readonly remove: number; readonly listing: number };
  readonly problems: Readonly<Record<string, number>>;
  /** The latest ones, oldest first. */
  readonly recentProblems: readonly Problem[];
  /** Texts that were no item, and facts above the limit. */
  readonly skipped: { readonly malformed: number; readonly overLimit: number };
}

/** What gives a host, for `why`. */
export interface HostExplanation {
  /** Catalog key. */
  readonly key: string;
  readonly identity: string;
  readonly contributions: readonly {
    readonly registry: string;
    readonly itemId: string;
    readonly status: RegistryStatus;
    /** Instances that the registry no longer names; why stands in the registry's holds. */
    readonly heldEndpoints: number;
    readonly heldSince: number | undefined;
    readonly holds: readonly Hold[];
  }[];
  /** Catalog key of the ready object that is served instead. */
  readonly withheldBy: string | undefined;
  /** Other identities that wanted the host, with the hosts they got. */
  readonly collidesWith: readonly { readonly identity: string; readonly host: string | undefined }[];
}

export function registryReport({ config, view, events, problemCounts, recentProblems }: Source, now: number): RegistryReport {
  const { status, counts, held } = view;
  let heldEndpoints = 0;
  for (const id of held.keys()) heldEndpoints += view.heldEndpoints(id);
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
    holds: view.holds,
    heldItems: held.size,
    heldEndpoints,
    drained: view.isDrained,
    events: { ...events },
    problems: Object.fromEntries(problemCounts),
    recentProblems: [...recentProblems],
    skipped: view.skipped,
  };
}

export function explainHost(
  namespace: string,
  host: string,
  services: ServiceIndex,
  resources: ReadyResources,
): HostExplanation | undefined {
  const key = hostKey(namespace, host);
  const parts = services.servedAt(key);
  const first = parts[0];
  if (first === undefined) return undefined;
  const collision = services.collisions().find((one) => one.namespace === namespace && one.host === first.host);
  const withheldBy = resources.blocking(namespace, host);
  return {
    key: `service:${key}`,
    identity: first.identity,
    contributions: parts.map(({ source, itemId }) => ({
      registry: source.id,
      itemId,
      status: source.view.status,
      heldEndpoints: source.view.heldEndpoints(itemId),
      heldSince: source.view.held.get(itemId)?.since,
      holds: source.view.holds,
    })),
    withheldBy: withheldBy === undefined ? undefined : `resource:${withheldBy}`,
    collidesWith:
      collision === undefined
        ? []
        : [{ identity: collision.keeps, host: collision.host }, ...collision.moved].filter(({ identity }) => identity !== first.identity),
  };
}
