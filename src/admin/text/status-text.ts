/** `tributary status` and `/debug/status`. */
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { RegistryStatus, StatusResponse } from "../../gen/tributary/admin/v1/admin_pb.ts";
import { age, ago, until } from "./ages.ts";
import { bytesText, columns, durationText, oneLine } from "./columns.ts";
import { holdText } from "./hold-text.ts";

export function statusText(status: StatusResponse, now: number): string {
  const { version, uptimeSeconds, complete, ports, clients, stateDigest, sequence } = status;
  const facts = [
    ...ports.map(({ name, address, port }) => [name, `${address.includes(":") ? `[${address}]` : address}:${port}`]),
    ["clients", String(clients)],
    ["state", `${stateDigest} (publication ${sequence})`],
  ];
  const sections = [
    `Tributary ${version}, up ${durationText(uptimeSeconds * 1000)}; ${complete ? "the view is complete" : "waiting for a required registry"}\n`,
    facts.map(([name = "", fact]) => `  ${name.padEnd(9)} ${fact}\n`).join(""),
    registriesText(status.registries, now),
    typesText(status),
    problemsText(status),
  ];
  return sections.filter((section) => section !== "").join("\n");
}

export function registriesText(registries: readonly RegistryStatus[], now: number): string {
  const head = ["REGISTRY", "TYPE", "PHASE", "SINCE", "STATE", "SERVICES", "ENDPOINTS", "HELD", "READY", "RESTARTS"];
  const lines = columns([
    head,
    ...registries.map((one) => [
      `${one.id}${one.required ? "" : " (optional)"}`,
      one.type,
      one.phase,
      age(one.since, now),
      one.protection?.state ?? "",
      ...[one.services, one.endpoints, one.heldEndpoints, one.resources, one.restarts].map(String),
    ]),
  ])
    .trimEnd()
    .split("\n");
  const [headLine = "", ...rest] = lines;
  return `${[headLine, ...rest.flatMap((line, at) => [line, ...remarks(registries[at], now)])].join("\n")}\n`;
}

/** Worth telling of a worker that runs again. */
const recentMs = 3_600_000;

/** What is not well, each on a line of its own. */
function remarks(registry: RegistryStatus | undefined, now: number): string[] {
  if (registry === undefined) return [];
  const { phase, reason, lastContact, notKept, problems, worker, workerRetry, workerEnd, workerEnded, restoredFrom, restoredAsOf } =
    registry;
  const skipped = Object.entries(problems).map(([code, count]) => `${code} ${count}`);
  return [
    ...(phase !== "live" ? [`${reason === "" ? "no word yet" : oneLine(reason)}; last contact ${ago(lastContact, now)}`] : []),
    ...(worker === "backing-off" ? [`its worker is started again in ${until(workerRetry, now)}`] : []),
    ...(workerEnded === undefined || now - timestampMs(workerEnded) > recentMs
      ? []
      : [`its worker ended ${ago(workerEnded, now)}: ${oneLine(workerEnd)}`]),
    ...(restoredFrom === "" ? [] : [`served is what peer ${oneLine(restoredFrom)} knew ${ago(restoredAsOf, now)}`]),
    ...protectionRemarks(registry, now),
    ...(notKept === "" ? [] : [`not kept for a restart: ${oneLine(notKept)}`]),
    ...(skipped.length === 0 ? [] : [`skipped: ${skipped.join(", ")}`]),
  ].map((remark) => `  ${remark}`);
}

function protectionRemarks({ protection, hold }: RegistryStatus, now: number): string[] {
  // What answers may be older.
  if (protection === undefined) return hold === "" ? [] : [`removals wait: ${oneLine(hold)}`];
  const { frozen, paused, holds, growth, dampedEndpoints, waitingEndpoints } = protection;
  return [
    ...(frozen === "" ? [] : [`FROZEN ${oneLine(frozen)}: nothing leaves`]),
    ...(paused === "" ? [] : [`PAUSED ${oneLine(paused)}: it is not read`]),
    ...holds.filter(({ why }) => why !== "freeze" && why !== "pause").map((one) => `removals wait: ${holdText(one, now)}`),
    ...(dampedEndpoints === 0 ? [] : [`damped: ${dampedEndpoints} endpoints that left a moment ago`]),
    ...growth.map((one) => `grew suddenly: ${holdText(one, now)}`),
    ...(waitingEndpoints === 0 ? [] : [`additions wait: ${waitingEndpoints} endpoints`]),
  ];
}

function typesText({ types }: StatusResponse): string {
  const rows = types.map(({ type, resources, bytes, digest }) => [kindOf(type), String(resources), bytesText(bytes), digest]);
  return columns([["SERVED", "OBJECTS", "SIZE", "VERSION"], ...rows]);
}

function problemsText({ problems }: StatusResponse): string {
  if (problems.length === 0) return "";
  const rows = problems.map(({ costs, code, count }) => [code, costs, String(count)]);
  return columns([["PROBLEM", "COSTS", "COUNT"], ...rows]);
}

/** `networking.istio.io/v1/ServiceEntry` → `ServiceEntry`. */
export function kindOf(type: string): string {
  return type.slice(type.lastIndexOf("/") + 1);
}
