/** The endpoints of a ServiceEntry: addresses, ports, labels, weights, locality, TLS; in canonical order. */
import type { MergedEndpoint, MergedService } from "../catalog/merged-service.ts";
import type { WorkloadEntry } from "../gen/istio/networking/v1alpha3/networking_pb.ts";
import { compareText } from "../naming/compare-text.ts";
import type { Port } from "../registries/service.ts";
import { isIp, parseAddress } from "./ip-address.ts";
import { LabelsOfEndpoints } from "./labels-of-endpoints.ts";
import { isFqdn, isLabelValue } from "./object-names.ts";
import type { MeshPolicy } from "./policy.ts";
import { type OfferedPort, planPorts } from "./ports.ts";
import { type ProblemList, quoted } from "./problem-list.ts";
import { ServiceAccounts } from "./service-accounts.ts";
import { effectiveWeight, scaledWeights } from "./weights.ts";

export interface EndpointPlan {
  readonly ports: readonly OfferedPort[];
  readonly endpoints: readonly WorkloadEntry[];
  /** The instances have host names among their addresses, which the proxies have to resolve. */
  readonly names: boolean;
}

/** An instance that can be served, with its canonical address (an IP address, or a host name where those are served) and its number of every offered port. */
interface Served {
  readonly instance: MergedEndpoint;
  readonly address: string;
  readonly numbers: readonly number[];
}

/**
 * Unhealthy and disabled instances are left out, and if all are, the service stands empty, as
 * its registry says: whether that is believable is judged upstream, where its history is known.
 */
export function planEndpoints(service: MergedService, policy: MeshPolicy, problems: ProblemList): EndpointPlan {
  const usable: { instance: MergedEndpoint; address: string; ports: readonly Port[] }[] = [];
  const unusable: MergedEndpoint[] = [];
  for (const instance of service.endpoints) {
    const address = usableAddress(instance, problems);
    if (address === undefined) unusable.push(instance);
    else usable.push({ instance, address, ports: instance.ports });
  }
  const plan = planPorts({ protocol: service.protocol, ports: service.ports, instances: usable, unusable }, policy, problems);
  const served: Served[] = [];
  usable.forEach(({ instance, address }, index) => {
    const numbers = plan.numbers[index];
    if (numbers && instance.health !== "unhealthy" && instance.health !== "disabled") served.push({ instance, address, numbers });
  });
  const distinct = sortedDistinct(served, problems);
  const unset = policy.profile.defaultWeight(service.kind);
  const weights = scaledWeights(distinct.map(({ instance }) => effectiveWeight(instance, unset, problems)));
  const labels = new LabelsOfEndpoints(policy, problems);
  const accounts = new ServiceAccounts(service.endpoints, service.namespace, problems);
  const endpoints = distinct.flatMap((one, index) => {
    const weight = weights[index];
    return weight === undefined ? [] : [workloadEntry(one, plan.ports, weight, labels, accounts, policy, problems)];
  });
  // Told by what is registered, not by what is healthy: another resolution is another cluster in every proxy.
  return { ports: plan.ports, endpoints, names: usable.some(({ instance, address }) => instance.dns && !isIp(address)) };
}

function usableAddress(instance: MergedEndpoint, problems: ProblemList): string | undefined {
  const parsed = parseAddress(instance.address);
  if (parsed.kind === "invalid") {
    problems.instance("bad-address", instance.address, parsed.reason);
  } else if (parsed.kind === "host-name" && !instance.dns) {
    problems.instance("host-name-address", instance.address, "registered by host name; a STATIC ServiceEntry needs an IP address");
  } else if (parsed.kind === "host-name" && !isFqdn(parsed.text)) {
    problems.instance("bad-address", instance.address, "no DNS name as Istio demands it");
  } else if (!isLabelValue(instance.network ?? "")) {
    problems.instance("bad-network", instance.address, `network ${quoted(instance.network ?? "")} is no legal name`);
  } else {
    return parsed.text;
  }
  return undefined;
}

/** By address, network, ports; of instances that are one endpoint (same three) the first by id stays. */
function sortedDistinct(served: Served[], problems: ProblemList): readonly Served[] {
  served.sort(compareServed);
  return served.filter((one, index) => {
    const before = served[index - 1];
    if (!before || compareIdentity(before, one) !== 0) return true;
    problems.note("duplicate-endpoint", `several instances are the same endpoint ${one.address}; one stays`);
    return false;
  });
}

function compareServed(a: Served, b: Served): number {
  return (
    compareIdentity(a, b) ||
    compareText(a.instance.id, b.instance.id) ||
    // Rare: two instances with one id. Any fixed order will do.
    compareText(canonicalText(a.instance), canonicalText(b.instance))
  );
}

function compareIdentity(a: Served, b: Served): number {
  return (
    compareText(a.address, b.address) ||
    compareText(a.instance.network ?? "", b.instance.network ?? "") ||
    a.numbers.reduce((order, number, index) => order || number - (b.numbers[index] ?? 0), 0)
  );
}

/** Without the ports: they are compared already, and their order in the registry says nothing. */
function canonicalText(instance: MergedEndpoint): string {
  return JSON.stringify({ ...instance, ports: [] }, (_key, value: unknown) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => compareText(a, b)))
      : value,
  );
}

function workloadEntry(
  { instance, address, numbers }: Served,
  offered: readonly OfferedPort[],
  weight: number,
  labels: LabelsOfEndpoints,
  accounts: ServiceAccounts,
  policy: MeshPolicy,
  problems: ProblemList,
): WorkloadEntry {
  // A port on the service's own number is left out: Istio's API defines that as its meaning, and it saves
  // a tenth of every full push. (istiod takes the map port by port, observed.)
  const ports: Record<string, number> = {};
  offered.forEach((port, index) => {
    const number = numbers[index];
    if (number !== undefined && number !== port.number) ports[port.name] = number;
  });
  const tls = speaksMeshTls(instance, policy);
  // As `create` would make it, without its copies: there are hundreds of thousands of these.
  return {
    $typeName: "istio.networking.v1alpha3.WorkloadEntry",
    address,
    ports,
    weight,
    labels: labels.of(instance, tls),
    network: instance.network ?? "",
    locality: localityText(instance, problems),
    // Only with mesh TLS: a service account alone would make istiod expect mTLS there.
    serviceAccount: tls ? accounts.of(instance) : "",
  };
}

/** `auto` knows a sidecar by the service account, which only facts about pods (or an explicit registration) give. */
function speaksMeshTls(instance: MergedEndpoint, policy: MeshPolicy): boolean {
  return policy.endpointTls === "istio" || (policy.endpointTls === "auto" && (instance.serviceAccount ?? "") !== "");
}

/** `region/zone/subzone`, as far as it is known from the left; a zone without region would match nothing. */
function localityText({ locality }: MergedEndpoint, problems: ProblemList): string {
  if (!locality) return "";
  const parts = [locality.region, locality.zone, locality.subzone];
  const missing = parts.findIndex((part) => !part);
  const known = (missing === -1 ? parts : parts.slice(0, missing)).filter((part) => part !== undefined);
  const bad = known.find((part) => part.length > 100 || !part.isWellFormed() || /[/\p{Cc}]/u.test(part));
  if (bad === undefined) return known.join("/");
  problems.note("bad-locality", `locality part ${quoted(bad)} is not legal; the locality is left out`);
  return "";
}
