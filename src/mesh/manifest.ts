/** MeshObject → the object as people write it for kubectl; what `tributary dump` prints. */
import { type JsonValue, toJson } from "@bufbuild/protobuf";
import { ServiceEntrySchema, SidecarSchema, WorkloadEntrySchema } from "../gen/istio/networking/v1alpha3/networking_pb.ts";
import type { MeshObject } from "./mesh-object.ts";

export interface Manifest {
  readonly apiVersion: "networking.istio.io/v1";
  readonly kind: MeshObject["kind"];
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: JsonValue;
}

/** Plain JSON; empty labels and annotations are left out. */
export function toManifest(object: MeshObject): Manifest {
  const { kind, name, namespace, labels, annotations } = object;
  return {
    apiVersion: "networking.istio.io/v1",
    kind,
    metadata: {
      name,
      namespace,
      ...(Object.keys(labels).length > 0 && { labels }),
      ...(Object.keys(annotations).length > 0 && { annotations }),
    },
    spec: specJson(object),
  };
}

function specJson(object: MeshObject): JsonValue {
  switch (object.kind) {
    case "ServiceEntry":
      return toJson(ServiceEntrySchema, object.spec);
    case "WorkloadEntry":
      return toJson(WorkloadEntrySchema, object.spec);
    case "Sidecar":
      return toJson(SidecarSchema, object.spec);
  }
}
