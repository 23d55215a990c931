/** The instances that Spring Cloud applications keep in a service's folder, as a service. */
import type { Problem } from "../../contract.ts";
import type { Health, Instance, Port, Service } from "../../service.ts";
import { labelsOf, localityOf, weightOf } from "../../spring-metadata.ts";
import type { CuratorInstance } from "../curator/instance.ts";
import type { Instances } from "../curator/service-folder.ts";

/** Spring's own word in the metadata, with a meaning of its own. */
const statusKey = "instance_status";

/**
 * @param name path of the folder below the root; it is what consumers ask for, whatever the instances call themselves
 * @param path the folder's path, for problems
 */
export function serviceOf(name: string, path: string, instances: Instances, report: (problem: Problem) => void): Service {
  const registrations = new Map<string, readonly [node: string, CuratorInstance]>();
  for (const [node, instance] of instances) {
    if (isDubbo(instance)) continue;
    const id = instanceId(instance);
    if (id === undefined) {
      report({ code: "bad-port", where: `${path}/${node}`, message: "neither a port nor an sslPort" });
      continue;
    }
    const other = registrations.get(id);
    // An application that was killed and started again has two nodes until its old session ends.
    if (!other || isNewer([node, instance], other)) registrations.set(id, [node, instance]);
  }
  return {
    key: { name },
    instances: Array.from(registrations, ([id, [, instance]]) => instanceOf(id, instance)).sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}

/** Dubbo keeps its applications in the same tree; they are another kind's to read. */
function isDubbo({ payloadClass, metadata }: CuratorInstance): boolean {
  return payloadClass?.startsWith("org.apache.dubbo.") || Object.keys(metadata).some((key) => key.startsWith("dubbo."));
}

/** Where it listens: the node's own name is random, and another one after every start. */
function instanceId({ address, port, sslPort }: CuratorInstance): string | undefined {
  const number = port ?? sslPort;
  return number === undefined ? undefined : `${address.includes(":") ? `[${address}]` : address}:${number}`;
}

function isNewer([node, a]: readonly [string, CuratorInstance], [otherNode, b]: readonly [string, CuratorInstance]): boolean {
  if (a.registrationTime !== b.registrationTime) return a.registrationTime > b.registrationTime;
  // Without a difference in time any fixed order will do, as long as it does not depend on the listing's.
  return node > otherNode;
}

function instanceOf(id: string, { address, port, sslPort, metadata, enabled, persistent }: CuratorInstance): Instance {
  const ports: Port[] = [];
  if (port !== undefined) ports.push({ number: port, protocol: "http" });
  if (sslPort !== undefined) ports.push({ number: sslPort, protocol: "https" });
  const weight = weightOf(metadata);
  const health = enabled ? healthOf(metadata[statusKey]) : "disabled";
  const labels = labelsOf(metadata, statusKey);
  const locality = localityOf(metadata);
  return {
    id,
    address,
    ports,
    ...(weight !== undefined && { weight }),
    ...(health && { health }),
    ...(labels && { labels }),
    ...(locality && { locality }),
    ...(persistent && { persistent }),
  };
}

/** Consumers call only what is UP or says nothing; OUT_OF_SERVICE is somebody's wish. */
function healthOf(status: string | undefined): Health | undefined {
  if (!status) return undefined;
  switch (status.toUpperCase()) {
    case "UP":
      return "healthy";
    case "OUT_OF_SERVICE":
      return "disabled";
    default:
      return "unhealthy";
  }
}
