/** Composes what the rooms tell about themselves into the read-only views of the admin room. */
import type { AdminViews } from "../admin/views.ts";
import type { RegistryReport } from "../catalog/report.ts";
import type { ReadBackView } from "../read-back/view.ts";
import type { RegistryStatus } from "../registries/feed.ts";
import { kinds } from "../registries/kinds.ts";
import { clusterOf } from "../registries/source-id.ts";
import { ownedTypes } from "../snapshot/snapshot.ts";
import type { XdsServer } from "../xds/port/server.ts";
import { clustersView } from "./clusters-view.ts";
import type { Pipeline } from "./pipeline.ts";

/** `redact`: takes secrets out of a text; what registries say of their failures may hold some. */
export function adminViews(
  pipeline: Pipeline,
  xds: () => XdsServer | undefined,
  redact: (text: string) => string,
  readBack?: ReadBackView,
): AdminViews {
  const { catalog, store, publisher, completeness } = pipeline;
  return {
    listening: () => xds() !== undefined,
    complete: () => completeness.isComplete(),
    registries: () =>
      catalog.reports().map(({ status, protection, ...report }) => ({
        ...report,
        status: withReason(status, status.reason ?? (status.synced ? undefined : waitingReason(pipeline, report)), redact),
        heldEndpoints: protection.heldEndpoints,
        holdReason: redact(protection.holds.map(({ why, detail }) => `${why}: ${detail}`).join("; ")) || undefined,
        protection,
        events: { ...report.events },
        memory: pipeline.supervisor.memory(report.id) ?? { heap: 0, external: 0 },
      })),
    clusters: () => clustersView(pipeline, redact),
    kept: () => pipeline.kept?.reports() ?? [],
    types: () =>
      ownedTypes.map((type) => {
        const { size, byteLength, digest } = store.current().table(type);
        return { type, resources: size, bytes: byteLength, digest };
      }),
    clients: () =>
      (xds()?.clients() ?? []).map(({ nodeId, peer, shard, subscriptions }) => ({
        node: nodeId ?? "",
        peer,
        shard,
        types: subscriptions.map(({ typeUrl, sentVersion, ackedVersion }) => ({ type: typeUrl, sent: sentVersion, acked: ackedVersion })),
      })),
    stateDigest: () => store.current().digest,
    sequence: () => store.current().sequence,
    rejected: () =>
      tally(
        [...publisher.problems().values()].flat().map(({ costs, code }) => ({ costs, code })),
        ({ costs, code }) => `${costs} ${code}`,
      ),
    clashes: () =>
      tally(
        catalog.clashes().map(({ code }) => ({ code })),
        ({ code }) => code,
      ),
    merges: () => {
      const { services, shadows, ...counts } = catalog.merges();
      return {
        ...counts,
        services: Object.fromEntries(services),
        shadows: [...shadows].map(([registry, difference]) => ({ registry, ...difference })),
      };
    },
    ...(readBack && { readBack }),
  };
}

function withReason(status: RegistryStatus, reason: string | undefined, redact: (text: string) => string): RegistryStatus {
  return reason === undefined ? status : { ...status, reason: redact(reason) };
}

/** Why nothing is known of the clusters of a registry that reads from some; undefined: it is none of that kind. */
function waitingReason({ clusters }: Pipeline, { id, type }: Pick<RegistryReport, "id" | "type">): string | undefined {
  if (clusterOf(id) !== undefined || !kinds.find((kind) => kind.id === type)?.needsClusters) return undefined;
  const unread = clusters.places().filter(({ status }) => !status.synced);
  const why = (name: string, reason: string | undefined) =>
    reason ?? (name === "remote-secrets" ? `waits for cluster ${clusters.default}` : "not read");
  return `its clusters are not known yet: ${unread.map(({ name, status }) => `${name} (${why(name, status.reason)})`).join(", ")}`;
}

/** Every different item once, with how often it occurs. */
function tally<T extends object>(items: readonly T[], keyOf: (item: T) => string): (T & { count: number })[] {
  const counted = new Map<string, T & { count: number }>();
  for (const item of items) {
    const known = counted.get(keyOf(item));
    if (known) known.count++;
    else counted.set(keyOf(item), { ...item, count: 1 });
  }
  return [...counted.values()];
}
