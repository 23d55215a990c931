/** Which host (or hosts) a registry's service is served by, and what of it goes where. */
import { type Instance, keyText, type Service } from "../registries/service.ts";
import { safeHost } from "./host-name.ts";
import { refuseHost } from "./host-policy.ts";
import type { KnownPorts } from "./known-ports.ts";
import type { NamedService, NameLoss, NamingRefusal } from "./named-service.ts";
import type { RegistryNaming } from "./registry-naming.ts";

export interface Naming {
  readonly named: readonly NamedService[];
  readonly refusals: readonly NamingRefusal[];
}

/**
 * A service that declares its ports has one part. Any other has one per protocol, because an
 * entry may offer a port only if all its endpoints have it.
 *
 * Hosts do not depend on which instances happen to live: `known` are the ports it was seen with,
 * and a part whose instances all left stays, empty, with its known port. A service that never
 * had an instance has the part of the kind's usual protocol.
 */
export function nameService(service: Service, naming: RegistryNaming, known: KnownPorts = []): Naming {
  const named: NamedService[] = [];
  const refusals: NamingRefusal[] = [];
  const add = (protocol: string | undefined, mentioned: string, part: Pick<NamedService, "ports" | "instances">): void => {
    const identity = identityOf(service, protocol);
    const hosts = service.hosts?.length ? explicitHosts(service.hosts, mentioned) : templateHost(service, naming, mentioned, identity);
    if ("problem" in hosts) {
      refusals.push({ code: "bad-template", host: "", message: hosts.problem });
      return;
    }
    const accepted = hosts.hosts.filter((host) => {
      const refusal = refuseHost(host, naming);
      if (refusal !== undefined) refusals.push(refusal);
      return refusal === undefined;
    });
    const host = accepted[0];
    if (host === undefined) return;
    named.push({
      namespace: naming.namespace,
      host,
      otherHosts: accepted.slice(1),
      identity,
      kind: naming.kind,
      key: service.key,
      protocol,
      ...part,
      consumers: service.consumers ?? [],
      annotations: service.annotations ?? {},
      ...(service.exportTo && { exportTo: service.exportTo }),
      lost: hosts.lost,
    });
  };

  if (service.ports !== undefined) {
    add(undefined, "", { ports: service.ports, instances: service.instances });
    return { named, refusals };
  }
  const protocols = protocolsOf(service, naming, known);
  const plain = naming.usualProtocols.find((usual) => protocols.includes(usual));
  protocols.forEach((protocol, index) => {
    const instances = instancesOf(service, protocol, protocols.length === 1, index === 0);
    const ports = instances.length > 0 ? [] : known.filter((port) => port.protocol === protocol);
    add(protocol, protocol === plain ? "" : protocol, { ports, instances });
  });
  return { named, refusals };
}

/** Without the registry or its kind: what has the same name everywhere is one service, wherever it is registered. */
function identityOf(service: Service, protocol: string | undefined): string {
  return [keyText(service.key), protocol ?? ""].join("|");
}

/** Sorted, so that the parts do not depend on the order of the instances. */
function protocolsOf(service: Service, naming: RegistryNaming, known: KnownPorts): readonly string[] {
  const protocols = new Set(known.map((port) => port.protocol));
  for (const instance of service.instances) for (const port of instance.ports) protocols.add(port.protocol);
  if (protocols.size === 0) return [naming.usualProtocols[0] ?? "tcp"];
  return protocols.size === 1 ? [...protocols] : [...protocols].sort();
}

/** Instances without any port go to the first part: whoever translates it says what is wrong with them. */
function instancesOf(service: Service, protocol: string, only: boolean, first: boolean): readonly Instance[] {
  if (only) return service.instances;
  const result: Instance[] = [];
  for (const instance of service.instances) {
    const ports = instance.ports.filter((port) => port.protocol === protocol);
    if (ports.length > 0) result.push(ports.length === instance.ports.length ? instance : { ...instance, ports });
    else if (first && instance.ports.length === 0) result.push(instance);
  }
  return result;
}

type Hosts = { readonly hosts: readonly string[]; readonly lost: readonly NameLoss[] } | { readonly problem: string };

function explicitHosts(hosts: readonly string[], mentioned: string): Hosts {
  const wanted = new Set(hosts.map((host) => (mentioned === "" ? host : `${mentioned}.${host}`).toLowerCase()));
  return { hosts: [...wanted], lost: hosts.some((host) => host !== host.toLowerCase()) ? ["case"] : [] };
}

function templateHost(service: Service, naming: RegistryNaming, mentioned: string, identity: string): Hosts {
  if ("problem" in naming.template) return { problem: naming.template.problem };
  const { namespace = "", group = "", name, version = "" } = service.key;
  const exact = naming.template.render({ namespace, group, name, version, protocol: mentioned, registry: naming.registry });
  const { host, lost } = safeHost(exact, naming.suffix, identity);
  const dotted = [namespace, group, version].some((part) => part.includes("."));
  return { hosts: [host], lost: dotted && !lost.includes("replaced") ? [...lost, "replaced"] : lost };
}
