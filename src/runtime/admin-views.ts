/** Composes what the rooms tell about themselves into the read-only views of the admin room. */
import type { AdminViews } from "../admin/views.ts";
import type { ReadBackView } from "../read-back/view.ts";
import { ownedTypes } from "../snapshot/snapshot.ts";
import type { XdsServer } from "../xds/server.ts";
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
      catalog.reports().map(({ holds, status, ...report }) => ({
        ...report,
        status: status.reason === undefined ? status : { ...status, reason: redact(status.reason) },
        holdReason: redact(holds.map(({ why, detail }) => `${why}: ${detail}`).join("; ")) || undefined,
        events: { ...report.events },
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
    ...(readBack && { readBack }),
  };
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
