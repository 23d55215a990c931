/** Selectors of workloads, in ServiceEntries and Sidecars. */
import type { WorkloadSelector } from "../../gen/istio/networking/v1alpha3/networking_pb.ts";
import { quoted } from "../problem-list.ts";

/** A selector without labels selects the whole namespace: istiod only warns about it. */
export function selectorErrors(selector: WorkloadSelector | undefined, errors: string[]): void {
  for (const [key, value] of Object.entries(selector?.labels ?? {})) {
    if (key === "") errors.push("a workloadSelector has an empty label key");
    if (key.includes("*") || value.includes("*")) errors.push(`workloadSelector label ${quoted(key)} has a wildcard`);
  }
}
