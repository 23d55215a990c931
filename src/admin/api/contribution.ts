/** What one registry says of a host, instance by instance, and what became of each. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HostContribution } from "../../catalog/explain.ts";
import type { ContributionSchema, RegistryInstanceSchema } from "../../gen/tributary/admin/v1/admin_pb.ts";
import type { MeshProblem } from "../../mesh/mesh-object.ts";
import type { Consumer, Instance } from "../../registries/service.ts";
import { instant } from "./instants.ts";
import { holdMessage } from "./protection.ts";

/** A service with more would make an answer of megabytes. */
const maxInstances = 1_000;
const maxCallers = 100;

export function contributionMessage(
  one: HostContribution,
  problems: readonly MeshProblem[],
  redact: (text: string) => string,
): MessageInitShape<typeof ContributionSchema> {
  const { service, named, resource, holds, drained } = one;
  const held = new Set(one.heldInstances);
  const lost = problems.filter(({ costs }) => costs === "instance");
  const instances = named?.instances ?? service?.instances ?? [];
  return {
    registry: one.registry,
    registryType: one.type,
    phase: one.status.phase,
    reason: redact(one.status.reason ?? ""),
    key: service?.key ?? (resource && { namespace: resource.metadata.namespace, name: resource.metadata.name }),
    firstSeen: instant(one.firstSeen),
    lastChanged: instant(one.lastSeen),
    instances: instances.slice(0, maxInstances).map((instance) => instanceMessage(instance, held.has(instance.id), lost)),
    heldInstances: one.heldEndpoints,
    heldSince: instant(one.heldSince),
    holds: holds.map(({ why, detail }) => redact(`${why}: ${detail}`)),
    drained,
    callers: callers(service?.consumers ?? []),
    protectionState: one.state,
    openHolds: holds.map((hold) => holdMessage(hold, redact)),
    growth: one.growth.map((hold) => holdMessage(hold, redact)),
    waitingEndpoints: one.waitingEndpoints,
    damped: one.damped,
  };
}

function callers(consumers: readonly Consumer[]): string[] {
  const applications = new Set(consumers.map(({ application }) => application ?? "").filter((application) => application !== ""));
  return [...applications].sort().slice(0, maxCallers);
}

function instanceMessage(instance: Instance, held: boolean, lost: readonly MeshProblem[]): MessageInitShape<typeof RegistryInstanceSchema> {
  const { id, address, ports, weight, health, network, labels } = instance;
  return {
    id,
    address,
    ports: ports.map(({ name, number, protocol }) => `${protocol}${name ? `(${name})` : ""}:${number}`),
    weight,
    health,
    network,
    labels: { ...labels },
    held,
    skipped: skipped(instance, lost),
  };
}

/** Problems name an instance by its quoted address at the end of `where`. */
function skipped({ address, health, weight }: Instance, lost: readonly MeshProblem[]): string[] {
  const quoted = ` ${JSON.stringify(address)}`;
  const codes = lost.filter(({ where }) => where.endsWith(quoted)).map(({ code }) => code);
  if (health === "unhealthy" || health === "disabled") codes.push(health);
  if (weight === 0) codes.push("weight-zero");
  return [...new Set(codes)];
}
