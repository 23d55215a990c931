/** What applications of Spring Cloud say in the metadata of their instances, the same in every registry. */
import type { Locality } from "./service.ts";

/** Spring's own word, with a meaning of its own. */
export const weightKey = "weight";
/** Spring Boot Admin and others keep credentials in the metadata, for all who read the registry. */
const secretKey = /password|passwd|secret|token|credential/i;
/** Bounds for what others write. */
const maxMetadata = 64;
const maxKey = 128;
const maxValue = 8 * 1024;
const maxLabels = 32;
const maxLabelValue = 256;

export type Metadata = Readonly<Record<string, string>>;

/** @param metadata untrusted; what is no text, number or boolean, or too long, is left out */
export function readMetadata(metadata: Readonly<Record<string, unknown>>): Metadata {
  const entries: [string, string][] = [];
  for (const [key, value] of Object.entries(metadata)) {
    if (entries.length === maxMetadata) break;
    // Java knows no other values than texts here; others do not stick to it.
    const written = typeof value === "number" || typeof value === "boolean" ? String(value) : value;
    if (key.length <= maxKey && typeof written === "string" && written.length <= maxValue) entries.push([key, written]);
  }
  return Object.fromEntries(entries);
}

/** As Spring's weighted load balancer reads it: a positive integer, else nobody set one. */
export function weightOf(metadata: Metadata): number | undefined {
  const text = metadata[weightKey];
  return text !== undefined && /^\d{1,9}$/.test(text) && Number(text) > 0 ? Number(text) : undefined;
}

/** @param others keys beside the weight that have a meaning of their own */
export function labelsOf(metadata: Metadata, ...others: readonly string[]): Record<string, string> | undefined {
  const labels = Object.entries(metadata).filter(
    ([key, value]) => key !== "" && key !== weightKey && !others.includes(key) && value.length <= maxLabelValue && !secretKey.test(key),
  );
  return labels.length === 0 ? undefined : Object.fromEntries(labels.slice(0, maxLabels));
}

export function localityOf({ region, zone }: Metadata): Locality | undefined {
  return region || zone ? { ...(region && { region }), ...(zone && { zone }) } : undefined;
}
