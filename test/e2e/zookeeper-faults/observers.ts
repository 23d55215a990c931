/** Who watches from the far end: a delta client of ours, and the sidecar of a real istiod behind us. */
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { type ServiceEntry, ServiceEntrySchema } from "../../../src/gen/istio/networking/v1alpha3/networking_pb.ts";
import { DeltaClient } from "../../support/delta-client.ts";
import type { SidecarClient } from "../servers/sidecar-client.ts";
import { EndpointView } from "./endpoint-view.ts";

const serviceEntry = "type.googleapis.com/istio.networking.v1alpha3.ServiceEntry";

export interface Observer {
  readonly view: EndpointView;
  stop(): void;
}

/** @param target our xDS address; the connection is made again whenever it is lost */
export function observeDelta(target: string): Observer {
  const view = new EndpointView("delta xDS");
  const client = new DeltaClient({ target });
  client.events.on("response", ({ resources, removedResources }) => {
    for (const name of removedResources) view.drop(name);
    for (const { name, resource } of resources) {
      const entry = resource && anyUnpack(resource, ServiceEntrySchema);
      if (entry) view.put(name, endpointsOf(entry));
    }
  });
  client.subscribe(serviceEntry);
  return { view, stop: () => client.stop() };
}

/** One view per `outbound` cluster, as Envoy would be told it. */
export function observeSidecar(sidecar: SidecarClient): Observer {
  const view = new EndpointView("sidecar of istiod");
  sidecar.events.on("answer", () => {
    const clusters = new Set(sidecar.clusters);
    for (const name of [...view.services]) if (!clusters.has(name)) view.drop(name);
    for (const [name, endpoints] of sidecar.endpoints) if (clusters.has(name)) view.put(name, endpoints);
  });
  return { view, stop: () => sidecar.close() };
}

function endpointsOf({ endpoints, ports }: ServiceEntry): string[] {
  return endpoints.map(({ address, ports: own }) => `${address}:${Object.values(own)[0] ?? ports[0]?.number}`);
}
