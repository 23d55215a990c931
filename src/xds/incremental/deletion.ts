/** How the dialect says that a resource is gone: its name, and no body. */
import { create, toBinary } from "@bufbuild/protobuf";
import { DiscoveryResponseSchema } from "../../gen/envoy/service/discovery/v3/discovery_pb.ts";
import { ResourceSchema } from "../../gen/istio/mcp/v1alpha1/resource_pb.ts";
import { revisionLabel } from "./revision.ts";

const typeUrl = "type.googleapis.com/istio.mcp.v1alpha1.Resource";

/**
 * One `resources` field of a DiscoveryResponse, as an entry's `framed`. It carries the client's own revision: a
 * client drops what is not of its revision, deletions too.
 */
export function deletionOf(name: string, revision: string | undefined): Uint8Array {
  const labels: Record<string, string> = revision === undefined ? {} : { [revisionLabel]: revision };
  const value = toBinary(ResourceSchema, create(ResourceSchema, { metadata: { name, labels } }));
  return toBinary(DiscoveryResponseSchema, create(DiscoveryResponseSchema, { resources: [{ typeUrl, value }] }));
}
