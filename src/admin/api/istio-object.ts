/** An entry of the snapshot, read back from the bytes that are served. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { IstioObjectSchema } from "../../gen/tributary/admin/v1/admin_pb.ts";
import { toManifest } from "../../mesh/manifest.ts";
import { sentObject } from "../../read-back/sent-object.ts";
import type { Entry, TypeKey } from "../../snapshot/snapshot.ts";
import { instant } from "./instants.ts";

/** Undefined where the bytes cannot be read, which would be a fault of ours. */
export function istioObject(type: TypeKey, entry: Entry): MessageInitShape<typeof IstioObjectSchema> | undefined {
  const object = sentObject(type, entry);
  if (object === undefined) return undefined;
  const { spec, ...manifest } = toManifest(object);
  return { ...manifest, spec: spec as never, version: entry.version, lastChanged: instant(entry.seenAt) };
}
