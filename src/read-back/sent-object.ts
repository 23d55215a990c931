/** The bytes that were sent, as the object they carry. */
import { fromBinary } from "@bufbuild/protobuf";
import { DiscoveryResponseSchema } from "../gen/envoy/service/discovery/v3/discovery_pb.ts";
import { ResourceSchema } from "../gen/istio/mcp/v1alpha1/resource_pb.ts";
import { ServiceEntrySchema, SidecarSchema, WorkloadEntrySchema } from "../gen/istio/networking/v1alpha3/networking_pb.ts";
import type { MeshObject } from "../mesh/mesh-object.ts";
import type { Entry, TypeKey } from "../snapshot/snapshot.ts";

/** Undefined where the bytes cannot be read, which would be a fault of ours. */
export function sentObject(type: TypeKey, entry: Entry): MeshObject | undefined {
  try {
    const [framed] = fromBinary(DiscoveryResponseSchema, entry.framed).resources;
    const { metadata, body } = fromBinary(ResourceSchema, framed?.value ?? new Uint8Array());
    if (!metadata || !body) return undefined;
    const slash = metadata.name.indexOf("/");
    const base = {
      namespace: metadata.name.slice(0, slash),
      name: metadata.name.slice(slash + 1),
      labels: metadata.labels,
      annotations: metadata.annotations,
    };
    switch (type) {
      case "networking.istio.io/ServiceEntry":
        return { kind: "ServiceEntry", ...base, spec: fromBinary(ServiceEntrySchema, body.value) };
      case "networking.istio.io/WorkloadEntry":
        return { kind: "WorkloadEntry", ...base, spec: fromBinary(WorkloadEntrySchema, body.value) };
      case "networking.istio.io/Sidecar":
        return { kind: "Sidecar", ...base, spec: fromBinary(SidecarSchema, body.value) };
    }
  } catch {
    return undefined;
  }
}
