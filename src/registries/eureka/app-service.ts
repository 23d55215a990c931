/** The instances of an application as a service. */
import type { ProblemCode } from "../../errors/problem-codes.ts";
import type { Problem } from "../contract.ts";
import type { Health, Instance, Locality, Service } from "../service.ts";
import { labelsOf, localityOf, weightOf } from "../spring-metadata.ts";
import type { EurekaInstance } from "./wire/instance.ts";
import type { Status } from "./wire/status.ts";

export interface ServiceRules {
  /** Instances in one of these are healthy. */
  readonly statuses: readonly Status[];
  /** Of instances that tell a zone and no region. */
  readonly region?: string | undefined;
}

/** Region of an availability zone, also of a local one: `us-east-1c`, `us-west-2-lax-1a`. */
const awsRegion = /^[a-z]{2}(-[a-z]+)+-\d+/;

/** What an application's service is called: Eureka itself does not know cases. */
export function nameOf(app: string): string {
  return app.toLowerCase();
}

/** @param app upper-case */
export function serviceOf(
  app: string,
  instances: readonly EurekaInstance[],
  rules: ServiceRules,
  report: (problem: Problem) => void,
): Service {
  const served: Instance[] = [];
  for (const instance of instances) {
    const { id, address, ports } = instance;
    const skip = (code: ProblemCode, message: string): void => report({ code, where: `${app}/${id}`, message });
    if (address === undefined) skip("bad-address", "neither ipAddr nor hostName is an address that others can reach");
    else if (ports.length === 0) skip("bad-port", "no port within 1 … 65535 is enabled");
    else served.push(instanceOf(instance, address, rules));
  }
  return {
    key: { name: nameOf(app) },
    instances: served.sort((a, b) => (a.id < b.id ? -1 : 1)),
    annotations: { "eureka.app": app },
  };
}

function instanceOf({ id, ports, status, metadata, availabilityZone }: EurekaInstance, address: string, rules: ServiceRules): Instance {
  const weight = weightOf(metadata);
  const labels = labelsOf(metadata);
  const locality = availabilityZone === undefined ? withRegion(localityOf(metadata), rules.region) : awsLocality(availabilityZone);
  return {
    id,
    address,
    ports,
    ...(weight !== undefined && { weight }),
    health: healthOf(status, rules.statuses),
    ...(labels && { labels }),
    ...(locality && { locality }),
  };
}

/** OUT_OF_SERVICE is somebody's wish. */
function healthOf(status: Status, healthy: readonly Status[]): Health {
  if (healthy.includes(status)) return "healthy";
  return status === "OUT_OF_SERVICE" ? "disabled" : "unhealthy";
}

function withRegion(locality: Locality | undefined, region: string | undefined): Locality | undefined {
  return locality && region !== undefined ? { region, ...locality } : locality;
}

function awsLocality(zone: string): Locality {
  const region = awsRegion.exec(zone)?.[0];
  return { ...(region !== undefined && { region }), zone };
}
