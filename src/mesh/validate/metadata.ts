/**
 * Metadata. istiod itself checks little of it; the names are held to Kubernetes' rules, so that
 * kubectl, dashboards and the API server can take the same objects.
 */
import type { MeshObject } from "../mesh-object.ts";
import { isDnsLabel, isDnsSubdomain, isLabelKey, isLabelValue } from "../object-names.ts";
import { quoted } from "../problem-list.ts";

export function metadataErrors({ name, namespace, labels, annotations }: Omit<MeshObject, "kind" | "spec">): string[] {
  const errors: string[] = [];
  if (!isDnsSubdomain(name)) errors.push(`name ${quoted(name)} is not lower-case DNS labels joined by dots, at most 253 characters`);
  if (!isDnsLabel(namespace)) errors.push(`namespace ${quoted(namespace)} is not a DNS label`);
  for (const key of Object.keys(labels)) {
    if (!isLabelKey(key)) errors.push(`label key ${quoted(key)} is not legal`);
    else if (!isLabelValue(labels[key] ?? "")) errors.push(`value of label ${key} is not legal`);
  }
  for (const key of Object.keys(annotations)) {
    if (!isLabelKey(key)) errors.push(`annotation key ${quoted(key)} is not legal`);
    else if (key === "istio.io/dry-run") errors.push("annotation istio.io/dry-run is only for AuthorizationPolicies");
    else if (key.startsWith("internal.istio.io/"))
      errors.push(`annotation ${key} is Istio's own and makes istiod refuse or misread the object`);
  }
  return errors;
}
