import { hash } from "node:crypto";
import { creationTimeSeconds } from "../mesh/creation-time.ts";
import type { MeshObject } from "../mesh/mesh-object.ts";
import { encodeServiceEntry } from "./encode-service-entry.ts";
import { encodeSidecar } from "./encode-sidecar.ts";
import { encodeWorkloadEntry } from "./encode-workload-entry.ts";
import { ReverseWriter } from "./reverse-writer.ts";
import { Slabs } from "./slabs.ts";
import type { Entry, TypeKey } from "./snapshot.ts";

/**
 * An entry, and the table it belongs to. Its bytes lie in a slab, together with those of several hundred others: it is
 * to be copied to a table soon and forgotten.
 */
export interface EncodedObject extends Entry {
  readonly type: TypeKey;
}

/** Hexadecimal digits of a version: 96 bits of SHA-256. */
const versionLength = 24;
const blankVersion = "0".repeat(versionLength);
const mcpTypeUrl = "type.googleapis.com/istio.mcp.v1alpha1.Resource";
const bodyTypeUrls = {
  ServiceEntry: "type.googleapis.com/istio.networking.v1alpha3.ServiceEntry",
  WorkloadEntry: "type.googleapis.com/istio.networking.v1alpha3.WorkloadEntry",
  Sidecar: "type.googleapis.com/istio.networking.v1alpha3.Sidecar",
} as const satisfies Record<MeshObject["kind"], string>;

/** One for the process: encoding is synchronous and leaves nothing behind. */
const writer = new ReverseWriter();
/** Where entries lie until the table has copied them. */
const slabs = new Slabs();

/**
 * Encodes one object into the canonical bytes of a DiscoveryResponse's `resources` item:
 * `Any<istio.mcp.v1alpha1.Resource{metadata, body: Any<spec>}>`, behind its tag and length.
 *
 * The version is a hash over the whole Resource (kind, name, labels, annotations, spec) with the version
 * itself blank. Maps are sorted before, lists are content as they stand. Objects of equal content have
 * equal versions on every replica, after every restart and in every release.
 *
 * `seenAt`: epoch ms at which a registry's worker saw the change.
 *
 * Throws RangeError for a number that its field cannot hold.
 */
export function encodeObject(object: MeshObject, seenAt: number): EncodedObject {
  const name = `${object.namespace}/${object.name}`;
  writer.reset();
  try {
    encodeSpec(object);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RangeError(`${object.kind} ${name}: ${error.message}`, { cause: error });
  }
  const bodyLength = writer.length;
  writer.close(2, 0); // Any.value
  writer.stringItem(1, bodyTypeUrls[object.kind]); // Any.type_url
  writer.close(2, 0); // Resource.body
  const metadata = writer.length;
  writer.stringMap(5, object.annotations);
  writer.stringMap(4, object.labels);
  const afterVersion = writer.length;
  writer.stringItem(3, blankVersion);
  const time = writer.length;
  writer.uint32(1, creationTimeSeconds); // Timestamp.seconds
  writer.close(2, time);
  writer.stringItem(1, name);
  writer.close(1, metadata); // Resource.metadata

  const digest = hash("sha256", writer.head(writer.length), "hex");
  writer.close(2, 0); // Any.value
  writer.stringItem(1, mcpTypeUrl); // Any.type_url
  writer.close(2, 0); // DiscoveryResponse.resources

  const written = writer.head(writer.length);
  const versionAt = written.length - afterVersion - versionLength;
  written.write(digest, versionAt, versionLength, "latin1");
  // Read back instead of sliced: a slice would keep the whole digest alive.
  const version = written.toString("latin1", versionAt, versionAt + versionLength);
  const framed = slabs.copy(written);
  return { type: `networking.istio.io/${object.kind}`, name, version, framed, body: framed.subarray(framed.length - bodyLength), seenAt };
}

function encodeSpec(object: MeshObject): void {
  if (object.kind === "ServiceEntry") encodeServiceEntry(writer, object.spec);
  else if (object.kind === "WorkloadEntry") encodeWorkloadEntry(writer, object.spec);
  else encodeSidecar(writer, object.spec);
}
