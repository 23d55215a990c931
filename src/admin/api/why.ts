/** AdminService.Why: finds the one host that is meant and explains it. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { HostExplanation } from "../../catalog/explain.ts";
import type { FoundService } from "../../catalog/find.ts";
import { type CandidateSchema, type WhyResponse, WhyResponseSchema } from "../../gen/tributary/admin/v1/admin_pb.ts";
import { keyText, type ServiceKey } from "../../registries/service.ts";
import { explanation } from "./explanation.ts";
import type { Inspection } from "./inspection.ts";
import { nearestHosts } from "./nearest-hosts.ts";

/** Longer than any host or name of a service that could be served. */
const maxQuery = 1024;
const maxCandidates = 100;
const maxNearest = 5;

/** @throws ConnectError NotFound with the nearest hosts; InvalidArgument */
export async function why(inspection: Inspection, query: string): Promise<WhyResponse> {
  const wanted = query.trim().replace(/\.$/, "");
  if (wanted === "")
    throw new ConnectError("`host` is missing: a host, namespace/host, or a registry's name of a service", Code.InvalidArgument);
  if (wanted.length > maxQuery) throw new ConnectError(`\`host\` is longer than ${maxQuery} characters`, Code.InvalidArgument);
  const { catalog } = inspection;
  let hosts = catalog.explain(wanted.toLowerCase());
  let found: readonly FoundService[] = [];
  if (hosts.length === 0) {
    found = catalog.find(wanted);
    const [only] = found;
    if (found.length === 1 && only?.host !== undefined) hosts = catalog.explain(only.host);
  }
  const host = theOne(hosts);
  if (host !== undefined) return create(WhyResponseSchema, { explanation: explanation(inspection, host) });
  const candidates = hosts.length > 0 ? hosts.map(candidateOfHost) : found.map(candidateOfService);
  if (candidates.length === 0) throw await notFound(wanted, catalog.hosts());
  return create(WhyResponseSchema, { candidates: candidates.slice(0, maxCandidates) });
}

/** A service and the ready objects to which it gives way are one answer. */
function theOne([first, ...others]: readonly HostExplanation[]): HostExplanation | undefined {
  const isAnother = ({ key, namespace, host }: HostExplanation) =>
    first?.withheldBy === undefined || (key !== first.withheldBy && (namespace !== first.namespace || host !== first.host));
  return others.some(isAnother) ? undefined : first;
}

async function notFound(query: string, hosts: Iterable<string>): Promise<ConnectError> {
  const near = await nearestHosts(query, hosts, maxNearest);
  const shown = JSON.stringify(query.length > 100 ? `${query.slice(0, 99)}…` : query);
  const hint = near.length === 0 ? "nothing known is like it" : `the nearest are ${near.join(", ")}`;
  return new ConnectError(`no registry gives ${shown}; ${hint}`, Code.NotFound);
}

function candidateOfHost({ namespace, host, contributions }: HostExplanation): MessageInitShape<typeof CandidateSchema> {
  const [first] = contributions;
  return {
    host: `${namespace}/${host}`,
    service: first?.named ? nameOf(first.named.key) : (first?.resource?.kind ?? ""),
    protocol: first?.named?.protocol,
    registries: contributions.map(({ registry }) => registry),
  };
}

function candidateOfService({ host, key, protocol, registries, refusal }: FoundService): MessageInitShape<typeof CandidateSchema> {
  return { host, service: nameOf(key), protocol, registries: [...registries], refusal };
}

/** As somebody may ask for it: `group/name:version` as far as it has them, and the exact form where that does not tell. */
function nameOf(key: ServiceKey): string {
  if (key.namespace) return keyText(key);
  return `${key.group ? `${key.group}/` : ""}${key.name}${key.version ? `:${key.version}` : ""}`;
}
