/** `/debug/clusters`. */
import type { ClustersView } from "../views.ts";
import { columns, durationText, oneLine } from "./columns.ts";

export function clustersText({ places, clusters }: ClustersView, now: number): string {
  const head = ["CLUSTER", "STATE", "HEALTHY", "CONTACT", "SERVICES", "ENDPOINTS", "RENEWED", "PRIORITY", "NETWORK", "SERVER", "FROM"];
  const rows = clusters.map((one) => [
    `${one.id}${one.isLocal ? " (local)" : ""}${one.isDefault ? " (default)" : ""}${one.isOptional ? " (optional)" : ""}`,
    one.state,
    one.healthy === undefined ? "?" : one.healthy ? "yes" : "no",
    ago(one.lastContact, now),
    ...[one.services, one.endpoints, one.renewals, one.priority].map(String),
    one.network ?? "",
    one.server ?? "",
    `${one.place}: ${one.owner}`,
  ]);
  const [headLine = "", ...lines] = columns([head, ...rows])
    .trimEnd()
    .split("\n");
  const remarks = clusters.map(({ reason, rejected }) => [
    ...(reason === undefined ? [] : [`  ${oneLine(reason)}`]),
    ...rejected.map((owner) => `  its id is also claimed by ${oneLine(owner)}, which is not heard`),
  ]);
  const table =
    clusters.length === 0 ? ["no clusters are known"] : [headLine, ...lines.flatMap((line, at) => [line, ...(remarks[at] ?? [])])];
  const sources = places.flatMap(({ name, status, problems }) => [
    `${name}: ${status.phase}${status.reason === undefined ? "" : `, ${oneLine(status.reason)}`}`,
    ...problems.map(({ where, message, code, lastSeen }) => `  ${oneLine(where)}: ${oneLine(message)} [${code}], ${ago(lastSeen, now)}`),
  ]);
  return `${[...table, ...(sources.length === 0 ? [] : ["", "Places that clusters come from:", ...sources])].join("\n")}\n`;
}

/** @param at epoch ms; 0: never */
function ago(at: number, now: number): string {
  return at === 0 ? "never" : `${durationText(Math.max(0, now - at))} ago`;
}
