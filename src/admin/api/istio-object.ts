/** An entry of the snapshot, read back from the bytes that are served. */
import { fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { DiscoveryResponseSchema } from "../../gen/envoy/service/discovery/v3/discovery_pb.ts";
import { ResourceSchema } from "../../gen/istio/mcp/v1alpha1/resource_pb.ts";
import { ServiceEntrySchema, SidecarSchema, WorkloadEntrySchema } from "../../gen/istio/networking/v1alpha3/networking_pb.ts";
import type { IstioObjectSchema } from "../../gen/tributary/admin/v1/admin_pb.ts";
import { toManifest } from "../../mesh/manifest.ts";
import type { MeshObject } from "../../mesh/mesh-object.ts";
import type { Entry, TypeKey } from "../../snapshot/snapshot.ts";
import { instant } from "./instants.ts";

export function istioObject(type: TypeKey, entry: Entry): MessageInitShape<typeof IstioObjectSchema> {
  const { spec, ...manifest } = toManifest(meshObject(type, entry));
  return { ...manifest, spec: spec as never, version: entry.version, lastChanged: instant(entry.seenAt) };
}

/** The object as the mesh room made it. */
export function meshObject(type: TypeKey, { name, framed, body }: Entry): MeshObject {
  const [resource] = fromBinary(DiscoveryResponseSchema, framed).resources;
  const { labels = {}, annotations = {} } = fromBinary(ResourceSchema, resource?.value ?? new Uint8Array()).metadata ?? {};
  const slash = name.indexOf("/");
  const metadata = { namespace: name.slice(0, slash), name: name.slice(slash + 1), labels, annotations };
  switch (type) {
    case "networking.istio.io/ServiceEntry":
      return { kind: "ServiceEntry", ...metadata, spec: fromBinary(ServiceEntrySchema, body) };
    case "networking.istio.io/WorkloadEntry":
      return { kind: "WorkloadEntry", ...metadata, spec: fromBinary(WorkloadEntrySchema, body) };
    case "networking.istio.io/Sidecar":
      return { kind: "Sidecar", ...metadata, spec: fromBinary(SidecarSchema, body) };
  }
}
