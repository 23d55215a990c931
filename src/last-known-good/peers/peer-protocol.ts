/**
 * How replicas ask each other for what they know of a registry: `GET` on the admin port gives a journal, `HEAD` only
 * says how old its content is.
 */

const path = "/peer/last-known-good/";

/** ms since the registry, or whoever the state came from, last proved that it is so. By age, since clocks differ. */
export const ageHeader = "tributary-age-ms";
/** The registry's `type`. */
export const kindHeader = "tributary-registry-type";

export function peerPath(registry: string): string {
  return `${path}${encodeURIComponent(registry)}`;
}

/** The registry's id; undefined: the path is another one. */
export function registryIn(url: string): string | undefined {
  if (!url.startsWith(path)) return undefined;
  try {
    return decodeURIComponent(url.slice(path.length));
  } catch {
    return undefined;
  }
}
