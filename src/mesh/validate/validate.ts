/**
 * What istiod would refuse, found before it is sent. istiod tells nobody that it refused an
 * object: it acknowledges the push and keeps the old copy, or none. So everything that leaves
 * the mesh room passes here.
 *
 * The rules are those of stock istiod 1.18 and later; where its source and its observed
 * behaviour differ, what was observed counts. Warnings of istiod are no errors here either.
 */
import type { MeshObject } from "../mesh-object.ts";
import { metadataErrors } from "./metadata.ts";
import { serviceEntryErrors } from "./service-entry.ts";
import { sidecarErrors } from "./sidecar.ts";
import { workloadEntryErrors } from "./workload-entry.ts";

/** One sentence per broken rule; empty for a valid object. */
export function validate(object: MeshObject): readonly string[] {
  const errors = metadataErrors(object);
  switch (object.kind) {
    case "ServiceEntry":
      serviceEntryErrors(object.spec, object.namespace, errors);
      break;
    case "WorkloadEntry":
      workloadEntryErrors(object.spec, { hostNames: true }, errors);
      break;
    case "Sidecar":
      sidecarErrors(object.spec, errors);
      break;
  }
  return errors;
}
