import { hash } from "node:crypto";

/** Tells whether two lists of `host address:port` name the same endpoints, in whatever order. */
export function endpointDigest(endpoints: readonly string[]): string {
  return hash("sha256", endpoints.toSorted().join("\n"));
}
