/** Annotations of generated ServiceEntries: exact names, which no host or label could hold. */
import type { MergedService } from "../catalog/merged-service.ts";
import { compareText } from "../naming/compare-text.ts";
import { keyText } from "../registries/service.ts";
import { isLabelKey } from "./object-names.ts";
import { ownPrefix, registriesAnnotation, serviceAnnotation } from "./own-names.ts";
import { type ProblemList, quoted } from "./problem-list.ts";

/** Exact names are short; what is longer is no name and would ride along in every full push. */
const maxValueLength = 1024;
const maxAnnotations = 32;

/** Keys in order. Istio's own annotations change what istiod does: registry data must not set them. */
export function serviceAnnotations(service: MergedService, problems: ProblemList): Record<string, string> {
  const taken: [string, string][] = [
    [registriesAnnotation, service.registries.join(",")],
    [serviceAnnotation, keyText(service.key)],
  ];
  for (const key of Object.keys(service.annotations).sort(compareText)) {
    const value = service.annotations[key] ?? "";
    if (!isLabelKey(key) || isReserved(key)) problems.note("bad-annotation", `annotation ${quoted(key)} is not legal here and is left out`);
    else if (value.length > maxValueLength)
      problems.note("bad-annotation", `annotation ${quoted(key)} is longer than ${maxValueLength} and is left out`);
    else if (taken.length >= maxAnnotations)
      problems.note("bad-annotation", `more than ${maxAnnotations} annotations: the last ones in order are left out`);
    else taken.push([key, value]);
  }
  return Object.fromEntries(taken.sort(([a], [b]) => compareText(a, b)));
}

function isReserved(key: string): boolean {
  return key.startsWith(ownPrefix) || /(^|\.)istio\.io\//.test(key);
}
