/** Who fills a record: a sidecar behind a real istiod, and a delta client at ours. */
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { ServiceEntrySchema } from "../../../src/gen/istio/networking/v1alpha3/networking_pb.ts";
import type { DeltaClient } from "../../support/delta-client.ts";
import type { AssignedEndpoint, SidecarClient } from "../servers/sidecar-client.ts";
import { EndpointRecord } from "./endpoint-record.ts";

const serviceEntry = "type.googleapis.com/istio.networking.v1alpha3.ServiceEntry";

/** What a sidecar of a real istiod is told, by `outbound` cluster; subsets of a service may well be empty. */
export function recordSidecar(sidecar: SidecarClient): EndpointRecord {
  const record = new EndpointRecord("sidecar of istiod");
  sidecar.events.on("answer", () => {
    const clusters = new Set(sidecar.clusters.filter((name) => name.includes("||")));
    for (const name of record.services) if (!clusters.has(name)) record.drop(name);
    for (const [name, told] of sidecar.assignments) if (clusters.has(name)) record.put(name, told);
  });
  return record;
}

/** What we tell a delta client: each publication of ours, before istiod gathers several into one. */
export function recordDelta(client: DeltaClient): EndpointRecord {
  const record = new EndpointRecord("delta xDS");
  client.events.on("response", ({ resources, removedResources }) => {
    for (const name of removedResources) record.drop(name);
    for (const { name, resource } of resources) {
      const entry = resource && anyUnpack(resource, ServiceEntrySchema);
      if (entry)
        record.put(
          name,
          entry.endpoints.map(({ address, ports, weight }) => assigned(address, ports, entry.ports[0]?.number, weight)),
        );
    }
  });
  client.subscribe(serviceEntry);
  return record;
}

function assigned(address: string, ports: Readonly<Record<string, number>>, usual: number | undefined, weight: number): AssignedEndpoint {
  return { endpoint: `${address}:${Object.values(ports)[0] ?? usual}`, weight, priority: 0 };
}
