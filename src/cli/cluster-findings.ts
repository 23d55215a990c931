/** What `check` says of the clusters: those that cannot be used, those that want the id of another, places that cannot be read. */
import type { ClusterManager } from "../clusters/cluster-manager.ts";
import type { Finding } from "./check.ts";

export function* clusterFindings(clusters: Pick<ClusterManager, "list" | "places">): Generator<Finding> {
  for (const { name, status } of clusters.places()) {
    if (status.synced) continue;
    const message = status.reason ?? "could not be read in time";
    yield { severity: "error", where: `clusters from ${name}`, message };
  }
  const told = new Set<string>();
  for (const { id, owner, refused, rejected } of clusters.list()) {
    const where = `cluster ${id}, ${owner}`;
    if (refused !== undefined) {
      told.add(where);
      yield { severity: "error", where, message: `${refused} [bad-kubeconfig]` };
    }
    for (const other of rejected)
      yield { severity: "warning", where: `cluster ${id}, ${other}`, message: `the id belongs to ${owner}; it is not heard` };
  }
  for (const { problems } of clusters.places()) {
    for (const { where, message, code } of problems) {
      if (!told.has(where)) yield { severity: "warning", where, message: `${message} [${code}]` };
    }
  }
}
