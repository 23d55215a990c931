/** MergedService → ServiceEntry: the heart of the mesh room. */
import { create } from "@bufbuild/protobuf";
import type { MergedService } from "../catalog/merged-service.ts";
import {
  type ServiceEntry,
  ServiceEntry_Location,
  ServiceEntry_Resolution,
  ServiceEntrySchema,
} from "../gen/istio/networking/v1alpha3/networking_pb.ts";
import { compareText } from "../naming/compare-text.ts";
import { serviceAnnotations } from "./annotations.ts";
import { planEndpoints } from "./endpoints.ts";
import { legalValue } from "./labels.ts";
import type { MeshObject, Translation } from "./mesh-object.ts";
import { isWildcardHost } from "./object-names.ts";
import { kindLabel } from "./own-names.ts";
import type { MeshPolicy } from "./policy.ts";
import type { OfferedPort } from "./ports.ts";
import { ProblemList, quoted } from "./problem-list.ts";
import { validate } from "./validate/validate.ts";

/**
 * Pure: the same service, policy and VIP give the same object, whatever the order of instances,
 * labels and ports. Never throws. The object, if there is one, is valid for the profile's target.
 *
 * @param vip the service's virtual address; undefined if the range has none left
 */
export function translateService(service: MergedService, policy: MeshPolicy, vip: string | undefined): Translation {
  const problems = new ProblemList(`${service.namespace}/${service.host}`);
  const { ports, endpoints, names } = planEndpoints(service, policy, problems);
  for (const { name, number } of service.unsharedPorts ?? []) {
    problems.note(
      "port-not-offered",
      `port ${quoted(name ?? String(number))} is not declared by all registries with endpoints and is not offered`,
    );
  }
  if (service.ownClusterService !== undefined)
    problems.note("host-in-own-cluster", inOwnCluster(service.ownClusterService, service.namespace));
  for (const conflict of service.conflicts?.told ?? []) problems.note("merge-conflict", conflict);
  const reason = withheld(ports, vip);
  if (reason) {
    problems.service(reason.code, reason.message);
    return { object: undefined, problems: problems.sorted() };
  }
  const spec = create(ServiceEntrySchema, {
    hosts: hosts(service, ports, problems),
    addresses: vip === undefined ? [] : [vip],
    ports: ports.map(({ name, number, protocol }) => ({ name, number, protocol: protocol.name })),
    location: ServiceEntry_Location.MESH_INTERNAL,
    // Without endpoints, DNS would mean that the host itself is to be resolved.
    resolution: names && endpoints.length > 0 ? ServiceEntry_Resolution.DNS : ServiceEntry_Resolution.STATIC,
    endpoints: [...endpoints],
    exportTo: [...(service.exportTo ?? policy.exportTo)],
  });
  const object = serviceEntryObject(service, spec, problems);
  const errors = validate(object);
  if (errors.length > 0) {
    problems.service("invalid-object", `istiod would refuse it: ${errors.slice(0, 3).join("; ")}`);
    return { object: undefined, problems: problems.sorted() };
  }
  return { object, problems: problems.sorted() };
}

/** What proxies get of such a host; observed on istiod 1.31. */
function inOwnCluster(ownService: string, namespace: string): string {
  const has = `istiod's own cluster has the Service ${ownService}`;
  return ownService.startsWith(`${namespace}/`)
    ? `${has}: in its namespace, istiod joins its endpoints and these`
    : `${has}: proxies get that one alone, and these endpoints are out of use; name both apart, or serve these in its namespace (\`naming.namespace\`) to have them joined`;
}

function withheld(ports: readonly OfferedPort[], vip: string | undefined): { code: "no-ports" | "no-vip"; message: string } | undefined {
  if (ports.length === 0)
    return { code: "no-ports", message: "no port is known: none is declared, and no instance has told a usable one yet" };
  if (vip === undefined && ports.some((port) => port.protocol.told === "address")) {
    // Without an address, istiod opens 0.0.0.0:port for it, and that catches other services' traffic.
    return {
      code: "no-vip",
      message: "no virtual address is left in mesh.vipCidr, and a TCP service without one would capture others' traffic",
    };
  }
  return undefined;
}

/** Several hosts only where a proxy can tell them apart; istiod refuses them otherwise. */
function hosts(service: MergedService, ports: readonly OfferedPort[], problems: ProblemList): string[] {
  const others = [...new Set(service.otherHosts)].filter((host) => host !== service.host).sort(compareText);
  if (others.length > 0 && ports.some((port) => port.protocol.told === "address")) {
    problems.note("extra-hosts", `only ${quoted(service.host)} is served: a TCP service can have one host`);
    return [service.host];
  }
  const legal = others.filter((host) => host !== "*" && isWildcardHost(host));
  if (legal.length < others.length) problems.note("extra-hosts", "further hosts that are no legal DNS names are left out");
  return [service.host, ...legal];
}

/** Labels hold nothing volatile: a changed label of a ServiceEntry is a full push in istiod, a changed annotation is none. */
function serviceEntryObject(service: MergedService, spec: ServiceEntry, problems: ProblemList): MeshObject {
  const kind = legalValue(service.kind);
  return {
    kind: "ServiceEntry",
    namespace: service.namespace,
    name: service.host,
    labels: kind === "" ? {} : { [kindLabel]: kind },
    annotations: serviceAnnotations(service, problems),
    spec,
  };
}
