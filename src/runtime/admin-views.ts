/** Composes what the rooms tell about themselves into the read-only views of the admin room. */
import type { AdminViews } from "../admin/views.ts";
import type { RegistryStatus } from "../registries/feed.ts";
import { ownedTypes } from "../snapshot/snapshot.ts";
import type { XdsServer } from "../xds/server.ts";
import type { Pipeline } from "./pipeline.ts";

/** Before the supervisor said anything. */
const unknown: RegistryStatus = { phase: "starting", since: Date.now(), synced: false, lastContact: 0, epoch: 0, restarts: 0 };

export function adminViews(pipeline: Pipeline, xds: () => XdsServer | undefined): AdminViews {
  const { catalog, store, publisher, completeness } = pipeline;
  return {
    listening: () => xds() !== undefined,
    complete: () => completeness.isComplete(),
    registries: () =>
      catalog.stats().registries.map(({ holds, status, ...report }) => ({
        ...report,
        status: status ?? unknown,
        holdReason: holds.map(({ why, detail }) => `${why}: ${detail}`).join("; ") || undefined,
        events: { ...report.events },
      })),
    types: () =>
      ownedTypes.map((type) => {
        const { size, byteLength, digest } = store.current().table(type);
        return { type, resources: size, bytes: byteLength, digest };
      }),
    clients: () =>
      (xds()?.clients() ?? []).map(({ nodeId, peer, subscriptions }) => ({
        node: nodeId ?? "",
        peer,
        types: subscriptions.map(({ typeUrl, sentVersion, ackedVersion }) => ({ type: typeUrl, sent: sentVersion, acked: ackedVersion })),
      })),
    stateDigest: () => store.current().digest,
    sequence: () => store.current().sequence,
    rejected: () => {
      const counts = new Map<string, { costs: string; code: string; count: number }>();
      for (const problems of publisher.problems().values()) {
        for (const { costs, code } of problems) {
          const key = `${costs} ${code}`;
          const counted = counts.get(key) ?? { costs, code, count: 0 };
          counted.count++;
          counts.set(key, counted);
        }
      }
      return [...counts.values()];
    },
    clashes: () => Object.entries(catalog.stats().clashes).map(([code, count]) => ({ code, count })),
  };
}
