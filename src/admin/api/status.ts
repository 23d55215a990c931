/** AdminService.Status: how the process, its registries and what it serves are doing. */
import { create } from "@bufbuild/protobuf";
import { type StatusResponse, StatusResponseSchema } from "../../gen/tributary/admin/v1/admin_pb.ts";
import type { RegistryView } from "../views.ts";
import type { Inspection } from "./inspection.ts";
import { instant } from "./instants.ts";
import { protectionMessage } from "./protection.ts";

export function statusOf({ views, version, startedAt, ports, clients, redact }: Inspection, now: number): StatusResponse {
  return create(StatusResponseSchema, {
    version,
    started: instant(startedAt),
    uptimeSeconds: Math.max(0, now - startedAt) / 1000,
    complete: views.complete(),
    sequence: views.sequence(),
    stateDigest: views.stateDigest(),
    registries: views.registries().map((registry) => {
      const notKept = views.kept().find((kept) => kept.registry === registry.id)?.failure;
      return registryStatus(registry, notKept, redact, now);
    }),
    types: [...views.types()],
    ports: [...ports()],
    clients: clients().length,
    problems: [...views.rejected(), ...views.clashes().map((clash) => ({ costs: "name", ...clash }))],
  });
}

function registryStatus(
  { status, holdReason, ...view }: RegistryView,
  notKept: string | undefined,
  redact: Inspection["redact"],
  now: number,
) {
  return {
    id: view.id,
    type: view.type,
    required: view.required,
    phase: status.phase,
    since: instant(status.since),
    reason: redact(status.reason ?? ""),
    synced: status.synced,
    lastContact: instant(status.lastContact),
    staleSeconds: status.phase === "stale" ? Math.max(0, now - status.since) / 1000 : 0,
    restarts: status.restarts,
    worker: status.retryAt === undefined ? "running" : "backing-off",
    workerRetry: instant(status.retryAt),
    workerEnd: redact(status.lastEnd?.reason ?? ""),
    workerEnded: instant(status.lastEnd?.at),
    workerHeapBytes: BigInt(view.memory.heap),
    workerExternalBytes: BigInt(view.memory.external),
    services: view.services,
    endpoints: view.endpoints,
    heldEndpoints: view.heldEndpoints,
    hold: redact(holdReason ?? ""),
    resources: view.resources,
    facts: view.facts,
    problems: { ...view.problems },
    restored: status.restored === true,
    restoredFrom: status.restoredFrom?.peer ?? "",
    restoredAsOf: instant(status.restoredFrom?.asOf),
    notKept: redact(notKept ?? ""),
    protection: protectionMessage(view.protection, redact),
  };
}
