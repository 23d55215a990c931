/**
 * Which resources are for which istiod. A resource with the label `istio.io/rev` is for the istiods of that
 * revision, one without it for all; a client that says no revision gets all and chooses itself (istio-mcp).
 */
import { fromBinary } from "@bufbuild/protobuf";
import { DiscoveryResponseSchema, type Node } from "../../gen/envoy/service/discovery/v3/discovery_pb.ts";
import { ResourceSchema } from "../../gen/istio/mcp/v1alpha1/resource_pb.ts";
import type { ResourceTable } from "../../snapshot/snapshot.ts";

export const revisionLabel = "istio.io/rev";
const labelBytes = Buffer.from(revisionLabel);

/** The revisions that a client says to be of: `ISTIO_REVISION`, which may be a list. Empty: it says none. */
export function revisionsOf(node: Node | undefined): readonly string[] {
  const text = node?.metadata?.ISTIO_REVISION;
  if (typeof text !== "string") return [];
  return text
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

/** Whether a resource is for a client of these revisions. @param framed its bytes, as an entry has them */
export function isFor(revisions: readonly string[], framed: Uint8Array): boolean {
  if (revisions.length === 0 || !mentionsRevision(framed)) return true;
  const [any] = fromBinary(DiscoveryResponseSchema, framed).resources;
  const revision = any && fromBinary(ResourceSchema, any.value).metadata?.labels[revisionLabel];
  return !revision || revisions.includes(revision);
}

/** The framed bytes of all resources of a table that are for these revisions; mostly its chunks as they are. */
export function framedFor(revisions: readonly string[], table: ResourceTable): { pieces: readonly Uint8Array[]; resources: number } {
  const chunks = table.chunks();
  if (revisions.length === 0 || !chunks.some(mentionsRevision)) return { pieces: chunks, resources: table.size };
  const pieces = [...table.entries()].map(({ framed }) => framed).filter((framed) => isFor(revisions, framed));
  return { pieces, resources: pieces.length };
}

/** A cheap look before the bytes are decoded: the label is rare. */
function mentionsRevision(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(labelBytes);
}
