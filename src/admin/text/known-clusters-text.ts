/** `tributary clusters list` and `get`. */
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Cluster } from "../../gen/tributary/admin/v1/clusters_pb.ts";
import { columns, oneLine } from "./columns.ts";

export function knownClustersText(clusters: readonly Cluster[]): string {
  if (clusters.length === 0) return "no clusters are known\n";
  const rows = clusters.map((one) => [
    `${one.id}${one.local ? " (local)" : ""}${one.default ? " (default)" : ""}`,
    one.state || "not read yet",
    String(one.services),
    String(one.endpoints),
    one.server,
    ownerText(one),
  ]);
  const [headLine = "", ...lines] = columns([["CLUSTER", "STATE", "SERVICES", "ENDPOINTS", "SERVER", "FROM"], ...rows])
    .trimEnd()
    .split("\n");
  return `${[headLine, ...lines.flatMap((line, at) => [line, ...remarks(clusters[at])])].join("\n")}\n`;
}

export function knownClusterText(cluster: Cluster): string {
  return `${[`# cluster ${cluster.id}: ${ownerText(cluster)}`, ...remarks(cluster).map((line) => `#${line}`)].join("\n")}\n${cluster.config}`;
}

function remarks(cluster: Cluster | undefined): readonly string[] {
  if (cluster === undefined) return [];
  const { reason, rejected } = cluster;
  return [
    ...(reason === "" ? [] : [`  ${oneLine(reason)}`]),
    ...rejected.map((owner) => `  its id is also claimed by ${oneLine(owner)}, which is not heard`),
  ];
}

function ownerText({ place, owner, addedBy, added }: Cluster): string {
  return added ? `added by ${oneLine(addedBy)} at ${timestampDate(added).toISOString()}` : `${place}: ${oneLine(owner)}`;
}
