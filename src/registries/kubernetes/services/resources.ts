/** The resources that the `kubernetes` kind reads, and nothing else: what its credential must be allowed to get, list and watch. */
import type { Locality } from "../../service.ts";
import type { Resource } from "../reflector/resource.ts";
import { type EndpointSlice, readEndpointSlice } from "./endpoint-slice.ts";
import { readNodeLocality } from "./node-locality.ts";
import { readService, type ServiceObject } from "./service-object.ts";

/** What is followed of a resource: one namespace, or all. */
export interface Place {
  readonly namespace: string | undefined;
  readonly wanted: (namespace: string) => boolean;
}

export function services({ namespace, wanted }: Place, labelSelector: string | undefined): Resource<ServiceObject> {
  return {
    name: "services",
    group: "/api/v1",
    ...(namespace !== undefined && { namespace }),
    ...(labelSelector !== undefined && { labelSelector }),
    project: (object) => {
      const service = readService(object);
      // Every cluster has this one for its own API server.
      const own = service?.namespace === "default" && service.name === "kubernetes";
      return service !== undefined && !own && wanted(service.namespace) ? service : undefined;
    },
  };
}

export function endpointSlices({ namespace, wanted }: Place): Resource<EndpointSlice> {
  return {
    name: "endpointslices.discovery.k8s.io",
    group: "/apis/discovery.k8s.io/v1",
    ...(namespace !== undefined && { namespace }),
    project: (object) => {
      const slice = readEndpointSlice(object);
      return slice !== undefined && wanted(slice.namespace) ? slice : undefined;
    },
  };
}

export const nodes: Resource<Locality> = { name: "nodes", group: "/api/v1", metadataOnly: true, project: readNodeLocality };
