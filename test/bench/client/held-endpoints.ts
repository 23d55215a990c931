import { fromBinary } from "@bufbuild/protobuf";
import { ResourceSchema } from "../../../src/gen/istio/mcp/v1alpha1/resource_pb.ts";
import { ServiceEntrySchema } from "../../../src/gen/istio/networking/v1alpha3/networking_pb.ts";

/** The endpoints of a ServiceEntry in istiod's envelope, as `host address:port`. */
export function heldEndpoints(envelope: Uint8Array): string[] {
  const entry = fromBinary(ServiceEntrySchema, fromBinary(ResourceSchema, envelope).body!.value);
  return entry.endpoints.map(({ address, ports }) => `${entry.hosts[0]} ${address}:${Object.values(ports)[0] ?? entry.ports[0]?.number}`);
}
