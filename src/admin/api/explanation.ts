/** Everything about one host: who gives it, what shaped it, what is served, who has it. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HostExplanation } from "../../catalog/explain.ts";
import { mostRemarkable } from "../../catalog/protection/protection-state.ts";
import type { DeliverySchema, ExplanationSchema } from "../../gen/tributary/admin/v1/admin_pb.ts";
import type { MeshProblem } from "../../mesh/mesh-object.ts";
import type { TypeKey } from "../../snapshot/snapshot.ts";
import { ownedType } from "../../xds/type-url.ts";
import { contributionMessage } from "./contribution.ts";
import type { Inspection } from "./inspection.ts";
import { istioObject } from "./istio-object.ts";
import { rulesOf } from "./rules.ts";

/** More instances, or problems, of one service help nobody; the counts stay exact. */
const maxProblems = 500;

export function explanation(inspection: Inspection, host: HostExplanation): MessageInitShape<typeof ExplanationSchema> {
  // What is served there: of a service that gave way, the ready object.
  const { type, name } = targetOf(host.withheldBy ?? host.key);
  const entry = inspection.snapshot().table(type).get(name);
  const problems = inspection.problems(type, name);
  const vip = host.key.startsWith("service:") && host.withheldBy === undefined ? inspection.vip(name) : undefined;
  const merged = inspection.catalog.get(host.key);
  const readBack = inspection.readBack?.(type, name);
  return {
    namespace: host.namespace,
    host: host.host,
    protectionState: mostRemarkable(host.contributions.map((one) => one.state)),
    ...state(host, entry !== undefined, problems),
    vip,
    object: entry && istioObject(type, entry),
    contributions: host.contributions.map((one) => contributionMessage(one, problems, inspection.redact)),
    rules: rulesOf(host, merged?.kind === "service" ? merged.service : undefined, vip, inspection.mesh()),
    problems: problems.slice(0, maxProblems).map((problem) => ({ ...problem })),
    clients: deliveries(inspection, type, name),
    readBack: readBack ? { ...readBack } : { state: "unknown", detail: "istiod was not asked what it took" },
  };
}

/** `service:namespace/host` or `resource:Kind/namespace/name`. */
function targetOf(key: string): { type: TypeKey; name: string } {
  if (key.startsWith("service:")) return { type: "networking.istio.io/ServiceEntry", name: key.slice("service:".length) };
  const slash = key.indexOf("/");
  return { type: `networking.istio.io/${key.slice("resource:".length, slash)}` as TypeKey, name: key.slice(slash + 1) };
}

function state(host: HostExplanation, served: boolean, problems: readonly MeshProblem[]): { state: string; summary: string } {
  const registries = host.contributions.map(({ registry }) => registry).join(", ");
  if (host.withheldBy !== undefined) {
    const ready = host.withheldBy.slice("resource:".length);
    return { state: "replaced", summary: `Given by ${registries}, but the ready ${ready} has its host or name and is served instead.` };
  }
  const fatal = problems.find(({ costs }) => costs === "service");
  if (fatal !== undefined && !served)
    return { state: "withheld", summary: `Given by ${registries}, but withheld: ${fatal.message} [${fatal.code}].` };
  if (fatal !== undefined) return { state: "served", summary: `Served as it was before: ${fatal.message} [${fatal.code}].` };
  if (!served) return { state: "withheld", summary: `Given by ${registries}; not published yet.` };
  return { state: "served", summary: `Served, as ${registries} ${host.contributions.length > 1 ? "give" : "gives"} it.` };
}

/** Clients that ask for the type, and whether they have what is served of it. */
function deliveries({ clients, shardOf }: Inspection, type: TypeKey, name: string): MessageInitShape<typeof DeliverySchema>[] {
  const shard = shardOf(name);
  const its = clients().filter((client) => client.shard === shard);
  return its.flatMap(({ nodeId, peer, subscriptions }) =>
    subscriptions
      .filter(({ typeUrl }) => ownedType(typeUrl) === type)
      .map((view) => ({
        node: nodeId,
        peer,
        typeUrl: view.typeUrl,
        sentVersion: view.sentVersion,
        ackedVersion: view.ackedVersion,
        current: view.current,
        notSubscribed: !view.asksFor(name),
      })),
  );
}
