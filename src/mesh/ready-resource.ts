/** Ready Istio objects (JSON) → MeshObject: read by our own schemas, validated, passed through. */
import { type DescMessage, fromJson, type JsonValue, type MessageShape } from "@bufbuild/protobuf";
import type { PassedResource } from "../catalog/merged-service.ts";
import { ServiceEntrySchema, SidecarSchema, WorkloadEntrySchema } from "../gen/istio/networking/v1alpha3/networking_pb.ts";
import { compareText } from "../naming/compare-text.ts";
import type { IstioResource } from "../registries/service.ts";
import type { MeshObject, Translation } from "./mesh-object.ts";
import { registriesAnnotation } from "./own-names.ts";
import type { MeshPolicy } from "./policy.ts";
import { ProblemList, quoted } from "./problem-list.ts";
import { unknownField } from "./unknown-field.ts";
import { validate } from "./validate/validate.ts";

const apiVersions = ["networking.istio.io/v1", "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3"];

/**
 * The resource as it is, or a reason why not. All API versions of Istio share one message, so
 * the version does not matter; enums may be words or numbers, fields camelCase or snake_case.
 * Never throws.
 */
export function translateResource(passed: PassedResource, _policy: MeshPolicy): Translation {
  const { resource, registry } = passed;
  const problems = new ProblemList(`${resource.kind} ${resource.metadata.namespace}/${resource.metadata.name}`);
  const object = read(resource, registry, problems);
  if (object) {
    const errors = validate(object);
    if (errors.length > 0) problems.service("invalid-object", `istiod would refuse it: ${errors.slice(0, 3).join("; ")}`);
    if ("istio.io/rev" in object.labels) {
      problems.note("revision-label", "has the label istio.io/rev: an istiod of another revision ignores it, and deletes the copy it has");
    }
    if (errors.length === 0) return { object, problems: problems.sorted() };
  }
  return { object: undefined, problems: problems.sorted() };
}

function read(resource: IstioResource, registry: string, problems: ProblemList): MeshObject | undefined {
  if (!apiVersions.includes(resource.apiVersion)) {
    problems.service("bad-resource", `apiVersion ${quoted(resource.apiVersion)} is none of ${apiVersions.join(", ")}`);
    return undefined;
  }
  const metadata = {
    namespace: resource.metadata.namespace,
    name: resource.metadata.name,
    labels: sorted(resource.metadata.labels ?? {}),
    annotations: sorted({ ...resource.metadata.annotations, [registriesAnnotation]: registry }),
  };
  switch (resource.kind) {
    case "ServiceEntry": {
      const spec = readSpec(ServiceEntrySchema, resource, problems);
      return spec && { kind: "ServiceEntry", ...metadata, spec };
    }
    case "WorkloadEntry": {
      const spec = readSpec(WorkloadEntrySchema, resource, problems);
      return spec && { kind: "WorkloadEntry", ...metadata, spec };
    }
    case "Sidecar": {
      const spec = readSpec(SidecarSchema, resource, problems);
      return spec && { kind: "Sidecar", ...metadata, spec };
    }
    default:
      problems.service("bad-resource", `kind ${quoted(String(resource.kind))} is not one that Tributary serves`);
      return undefined;
  }
}

function readSpec<Desc extends DescMessage>(schema: Desc, { spec }: IstioResource, problems: ProblemList): MessageShape<Desc> | undefined {
  const unknown = unknownField(schema, spec);
  if (unknown !== undefined) {
    // Leaving the field out would change what the object means, so the object is withheld.
    problems.service(
      "unknown-field",
      `field ${quoted(unknown)} is misspelt, or one that Tributary does not carry although istiod may know it`,
    );
    return undefined;
  }
  try {
    return fromJson(schema, spec as JsonValue);
  } catch (error) {
    problems.service("bad-resource", `spec does not fit: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function sorted(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => compareText(a, b)));
}
